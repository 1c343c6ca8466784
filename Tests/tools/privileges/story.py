"""The whole job, so that every permission of the templates has its use: what happens, and how it must end."""

from __future__ import annotations

import json
import signal
from typing import Any

from scene import IMAGE, Different, Scene

FORECAST, CHURN = "demand-forecast", "churn"
DE, FR = "demand-de.tar.gz", "demand-fr.tar.gz"
ALARM = "churn-5xx"
# Above 256 MiB an artifact is copied in parts.
LARGE = 257 * 2**20


def play(scene: Scene) -> None:
    """Everything, in order; raises where it does not go as it must."""
    _write_accounts(scene)
    _prepare(scene)
    scene.enforce()
    for step in (_first, _second, _adopted, _failed, _abandoned, _pruned, _created_again, _rebuilt):
        step(scene)
    _look(scene)


def _write_accounts(scene: Scene) -> None:
    scene.write("registry.yaml", scene.outputs[f"{scene.registry}/registry"]["RegistryDocument"])
    for stage, account in scene.accounts.items():
        document = scene.outputs[f"{account}/deployment-account"]["AccountDocument"]
        key = scene.outputs[f"{account}/company"]["ModelKey"]
        scene.write(f"{stage}.yaml", f"{document}name: {stage}\nstage: {stage}\nkmsKey: {key}\ntags: {{team: ml}}\n")
    key = scene.outputs[f"{scene.accounts['prod']}/company"]["VolumeKey"]
    people = {"approvals": 1, "approvers": [scene.manager["userId"]]}
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
            operators=[scene.manager["userId"]],
            variant={"name": "AllTraffic", "instance": "ml.m5.large", "count": 1},
            smoke=[{**asked, "body": "1,2,3"}],
            stages=[{"stage": "staging"}, {"stage": "prod", "gate": {"approvals": 0}}],
        ),
    )


def _document(**keys: Any) -> str:
    """JSON is YAML too."""
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items())


def _prepare(scene: Scene) -> None:
    """What is there before: an endpoint that somebody made by hand, and alarms that are quiet."""
    staging = scene.accounts["staging"]
    bucket = scene.outputs[f"{staging}/deployment-account"]["ModelBucketName"]
    model = {"model": "theirs", "version": 1, "coefficients": [1, 1, 1], "intercept": 0}
    made = scene.world.post("artifacts", bucket=bucket, key="theirs/model.tar.gz", model=model)
    scene.world.post("endpoints/create", account=staging, endpoint=CHURN, url=made["url"])
    for account in scene.accounts.values():
        scene.world.post("alarms", account=account, name=ALARM, state="OK")


def _register(scene: Scene, group: str, coefficients: list[float], **more: Any) -> dict[str, Any]:
    asked = {"account": scene.registry, "group": group, "coefficients": coefficients, "approve": True}
    return scene.world.post("register", **asked, **more)


def _waits(release: dict[str, Any]) -> bool:
    return release["state"] == "waiting"


def _ended(state: str) -> Any:
    return lambda release: release["state"] == state


def _through(scene: Scene, number: int) -> None:
    """The release is promoted to production by a person, and released."""
    waiting = scene.release(FORECAST, number, "waits for a person", _waits)
    scene.decide("promote", waiting["id"], "--stage", "prod")
    scene.release(FORECAST, number, "is released", _ended("released"))


def _first(scene: Scene) -> None:
    """The worker is killed while it copies a large artifact in parts, and goes on with what is there."""
    staging = scene.accounts["staging"]
    held = scene.world.post("faults", match="s3.UploadPartCopy", account=staging, when="hold-before", times=1)
    _register(scene, "demand-de", [1, 2, 0.5], size=LARGE)
    _register(scene, "demand-fr", [1, 1, 1])
    scene.start()
    scene.until("a part is copied", lambda: scene.calls("staging", "UploadPartCopy"))
    scene.stop(signal.SIGKILL)
    scene.world.delete(f"faults/{held['id']}")
    scene.start()
    # What the smoke test asks with is not there yet, which is told apart from its being forbidden.
    missing = scene.release(FORECAST, 1, "cannot be tested", lambda r: "row.csv" in json.dumps(r))
    print(json.dumps(missing))


def _second(scene: Scene) -> None: ...
def _adopted(scene: Scene) -> None: ...
def _failed(scene: Scene) -> None: ...
def _abandoned(scene: Scene) -> None: ...
def _pruned(scene: Scene) -> None: ...
def _created_again(scene: Scene) -> None: ...
def _rebuilt(scene: Scene) -> None: ...
def _look(scene: Scene) -> None: ...
