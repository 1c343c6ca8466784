"""The accounts folder of a run, most of which the stacks' own outputs say."""

from __future__ import annotations

import json
from typing import Any

from company import EDGE, HUB
from scene import Scene

FORECAST, CHURN = "demand-forecast", "churn"
DE, FR = "demand-de.tar.gz", "demand-fr.tar.gz"
ALARM = "churn-5xx"


def write(scene: Scene) -> None:
    scene.write("registry.yaml", scene.outputs[f"{scene.registry}/registry"]["RegistryDocument"])
    for stage, account in scene.accounts.items():
        document = scene.outputs[f"{account}/deployment-account"]["AccountDocument"]
        if stage == EDGE:
            queue = scene.outputs[f"{account}/per-account-worker"]["QueueUrl"]
            upstream = scene.outputs[f"{scene.registry}/registry"]["WorkerSender"]
            document += _document(queue=queue, upstream=[f"{upstream}:*"])
        name = stage
        if stage == "prod":
            # Production's accounts are those of a unit.
            document = document.replace(f'account: "{account}"', f"organizationalUnit: {scene.unit}")
            document, name = document.replace(account, "{account}"), "prod-{account}"
        scene.write(f"{stage}.yaml", f"{document}name: {name}\nstage: {stage}\ntags: {{team: ml}}\n")
    key = scene.outputs[f"{scene.accounts['prod']}/company"]["VolumeKey"]
    people = {"approvals": 1, "approvers": _approvers(scene, HUB, scene.registry)}
    expect = [{"pointer": "/predictions/0/score", "between": [0, 100]}]
    asked = {"contentType": "text/csv", "within": "2s", "expect": expect}
    scene.write(
        "demand-forecast.yaml",
        _document(
            kind="endpoint",
            name=FORECAST,
            serves="multi-model",
            models={DE: "demand-de", FR: "demand-fr"},
            variant={"name": "AllTraffic", "instance": "ml.m5.large", "count": 1},
            keep=1,
            smoke=[{**asked, "bodyFrom": f"s3://acme-tests-{scene.registry}/row.csv"}],
            stages=[
                {"stage": "staging", "soak": "50ms"},
                {
                    "stage": "prod",
                    "variant": {"count": 2, "volumeKmsKey": key},
                    "traffic": {"allAtOnce": True, "alarms": [ALARM]},
                    "gate": {**people, "alarms": [ALARM]},
                },
            ],
        ),
    )
    scene.write(
        "churn.yaml",
        _document(
            kind="endpoint",
            name=CHURN,
            serves="single-model",
            model="churn",
            adopt=True,
            operators=[scene.managers[HUB]["userId"]],
            variant={"name": "AllTraffic", "instance": "ml.m5.large", "count": 1},
            smoke=[{**asked, "body": "1,2,3"}],
            stages=[
                {"stage": "staging"},
                {"stage": "prod", "gate": {"approvals": 0}},
                {"stage": EDGE, "gate": {"approvals": 1, "approvers": _approvers(scene, EDGE, scene.accounts[EDGE])}},
            ],
        ),
    )


def _approvers(scene: Scene, name: str, account: str) -> list[str]:
    """A person, and whoever has a role, whose id the doctor looks up."""
    return [scene.managers[name]["userId"], scene.outputs[f"{account}/company"]["ReleaseManagers"] + ":*"]


def _document(**keys: Any) -> str:
    """JSON is YAML too."""
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items())
