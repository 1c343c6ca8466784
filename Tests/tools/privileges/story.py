"""The whole job, so that every permission of the templates has its use: what happens, and how it must end."""

from __future__ import annotations

import base64
import re
import signal
from functools import partial
from typing import Any

import folder
from company import EDGE, HUB
from folder import CHURN, FORECAST
from scene import Different, Scene

# Above 256 MiB an artifact is copied in parts.
LARGE = 257 * 2**20


def play(scene: Scene) -> None:
    """Everything, in order; raises where it does not go as it must."""
    folder.write(scene)
    _prepare(scene)
    scene.enforce()
    for step in (_examined, _first, _second, _adopted, _rebuilt, _handed_over, _failed, _abandoned, _pruned):
        step(scene)
    _look(scene)
    _torn_down(scene)


def _prepare(scene: Scene) -> None:
    """What is there before: an endpoint that somebody made by hand, quiet alarms, and who hears the edge's events."""
    staging = scene.accounts["staging"]
    bucket = scene.outputs[f"{staging}/deployment-account"]["ModelBucketName"]
    model = {"model": "theirs", "version": 1, "coefficients": [1, 1, 1], "intercept": 0}
    made = scene.world.post("artifacts", bucket=bucket, key="theirs/model.tar.gz", model=model)
    scene.world.post("endpoints/create", account=staging, endpoint=CHURN, url=made["url"])
    scene.until("there is an endpoint by hand", lambda: scene.endpoint("staging", CHURN)["status"] == "InService")
    for account in scene.accounts.values():
        scene.world.post("alarms", account=account, name=folder.ALARM, state="OK")
    edge = scene.accounts[EDGE]
    scene.world.post("subscriptions", account=edge, source="sluice")
    queue = f"arn:aws:sqs:eu-west-1:{edge}:heard-sluice"
    heard = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    document = {"Statement": [{**heard, "Resource": queue}]}
    scene.world.post("policies", account=edge, holder=queue, kind="resource", document=document)


def _register(scene: Scene, group: str, coefficients: list[float], **more: Any) -> dict[str, Any]:
    asked = {"account": scene.registry, "group": group, "coefficients": coefficients, "approve": True}
    return scene.world.post("register", **{**asked, **more})


def _waits(release: dict[str, Any]) -> bool:
    return release["state"] == "waiting"


def _ended(state: str) -> Any:
    return lambda release: release["state"] == state


def _through(scene: Scene, number: int) -> None:
    """The release is promoted to production by a person, and released."""
    waiting = scene.release(FORECAST, number, "waits for a person", _waits)
    scene.decide("promote", waiting["id"], "--stage", "prod")
    scene.release(FORECAST, number, "is released", _ended("released"))


def _examined(scene: Scene) -> None:
    """What `sluice doctor` says before anything is done, which is the same wherever nothing is missing."""
    _register(scene, "demand-de", [1, 2, 0.5], size=LARGE)
    _register(scene, "demand-fr", [1, 1, 1])
    _register(scene, "demand-fr", [0, 1, 1], approve=False)
    for name in (HUB, EDGE):
        done = scene.run("doctor", "--json", *(["--only", EDGE] if name == EDGE else []), at=name, who=scene.keys[name])
        if not done.stdout:
            raise Different(f"sluice doctor: {done.stderr}")
        said = [f"{name}: {line.strip()}" for line in done.stdout.splitlines()]
        scene.told += [re.sub(r"[0-9a-f-]{36}|ou-\w+-\w+|A(?:ROA|IDA)\w+|\d+", "…", line) for line in said]
    if scene.only_doctor and scene.news:
        raise Different(f"sluice doctor says: {scene.news[0]}")
    # What the doctor is refused it says itself; what counts from here on is what the job is refused.
    scene.forget_refusals()


def _first(scene: Scene) -> None:
    """The worker is killed while it copies a large artifact in parts, and goes on with what is there.

    It looks at endpoints every fifteen seconds, which would be too late: the accounts' events wake it.
    """
    staging = scene.accounts["staging"]
    held = scene.world.post("faults", match="s3.UploadPartCopy", account=staging, when="hold-before", times=1)
    scene.start(HUB, "--resync", "1s")
    scene.until("a part is copied", lambda: scene.calls("staging", "UploadPartCopy"))
    scene.stop(how=signal.SIGKILL)
    scene.world.delete(f"faults/{held['id']}")
    scene.start(HUB, "--resync", "1s")
    # What the smoke test asks with is not there yet, which is told apart from its being forbidden.
    failed = scene.release(FORECAST, 1, "lacks what it is tested with", _ended("failed"))
    if "there is no s3://acme-tests" not in failed["reason"]:
        raise Different(failed["reason"])
    row = base64.b64encode(b"1,2,3").decode()
    scene.world.post("artifacts", bucket=f"acme-tests-{scene.registry}", key="row.csv", base64=row)
    scene.decide("retry", failed["id"])
    _through(scene, 1)


def _second(scene: Scene) -> None:
    """An update, of whose approval no event arrives. What did not change is copied from the release before."""
    arn = f"arn:aws:sagemaker:eu-west-1:{scene.registry}:model-package/demand-fr/2"
    undelivered = f"{scene.url}/{scene.registry}/sluice-undelivered"
    with scene.queue_shut():
        scene.world.post("packages/status", arn=arn, status="Approved")
    scene.until("the event is undelivered", lambda: not _is_empty(scene, undelivered))
    _through(scene, 2)


def _adopted(scene: Scene) -> None:
    """An endpoint that somebody made by hand is taken over in staging, and created in production."""
    prod = scene.accounts["prod"]
    # No event tells that an endpoint is gone.
    scene.stop()
    scene.start(HUB, "--tick", "200ms", "--resync", "1m")
    scene.world.post("endpoints/next", account=prod, endpoint=CHURN, outcome="fail", reason="No container started.")
    _register(scene, "churn", [1, 2, 3])
    scene.release(CHURN, 1, "fails in production", _ended("failed"))
    tags = scene.endpoint("staging", CHURN)["tags"]
    if tags.get("sluice:endpoint") != CHURN:
        raise Different(f"the adopted endpoint has the tags {tags}")


def _rebuilt(scene: Scene) -> None:
    """With an empty ledger the worker finds what serves by its tags, and rolls none of it.

    An endpoint whose creation failed can only be deleted, which is done with one that has Sluice's tag.
    """
    scene.stop()
    scene.lose_ledger()
    switches = [scene.calls(stage, "UpdateEndpoint") for stage in scene.accounts]
    scene.start(HUB, "--tick", "200ms", "--resync", "1m")
    scene.release(CHURN, 1, "is released after all", _ended("released"))
    scene.until("what serves is known again", lambda: [r["state"] for r in scene.releases(FORECAST)] == ["released"])
    if switches != [scene.calls(stage, "UpdateEndpoint") for stage in scene.accounts]:
        raise Different("endpoints were switched again")


def _handed_over(scene: Scene) -> None:
    """The account with a worker of its own is handed a release, lets it in, and hears of its rejection."""
    scene.start(EDGE, "--resync", "1s")
    _register(scene, "churn", [3, 2, 1])
    made = scene.release(CHURN, 2, "is handed over", _ended("released"))["id"]

    def at_the_edge(state: str) -> Any:
        return lambda: [r for r in scene.releases(CHURN, EDGE) if (r["id"], r["state"]) == (made, state)]

    scene.until("it waits at the edge", at_the_edge("waiting"))
    scene.decide("promote", made, "--stage", EDGE, at=EDGE)
    scene.until("it is released at the edge", at_the_edge("released"))
    with scene.queue_shut(EDGE):
        scene.world.post("endpoints/update", account=scene.accounts[EDGE], endpoint=CHURN)
    dead = f"{scene.url}/{scene.accounts[EDGE]}/sluice-dead"
    scene.until("an event of the edge is undelivered", lambda: not _is_empty(scene, dead))
    arn = f"arn:aws:sagemaker:eu-west-1:{scene.registry}:model-package/churn/2"
    scene.world.post("packages/status", arn=arn, status="Rejected")


def _failed(scene: Scene) -> None:
    """A model that answers nonsense is taken back, and one whose artifact is gone never gets so far."""
    before = scene.endpoint("staging", FORECAST)["config"]
    _register(scene, "demand-de", [1000, 1000, 1000])
    scene.release(FORECAST, 2, "fails its test", _ended("failed"))
    if scene.endpoint("staging", FORECAST)["config"] != before:
        raise Different("what served before does not serve again")
    asked = {"account": scene.registry, "group": "demand-de", "status": "Approved"}
    scene.world.post("packages", **asked, url=f"s3://acme-artifacts-{scene.registry}/gone/model.tar.gz")
    scene.release(FORECAST, 3, "has no artifact", _ended("failed"))


def _abandoned(scene: Scene) -> None:
    """A copy in parts that cannot be completed ends the attempt, and nothing stays of the copy."""
    staging = scene.accounts["staging"]
    fault = {"match": "s3.CompleteMultipartUpload", "account": staging, "status": 400, "code": "InvalidRequest"}
    scene.world.post("faults", **fault, message="It was ordered to fail.")
    _register(scene, "demand-de", [2, 2, 2], size=LARGE)
    scene.release(FORECAST, 4, "cannot be copied", _ended("failed"))
    bucket = scene.outputs[f"{staging}/deployment-account"]["ModelBucketName"]
    scene.until("the upload is given up", lambda: not scene.world.get("uploads", bucket=bucket))


def _pruned(scene: Scene) -> None:
    """With every release an old one goes."""
    for number in range(5, 9):
        _register(scene, "demand-fr", [0, 1, number])
        _through(scene, number)
    for stage in ("staging", "prod"):
        for operation in ("DeleteObjects", "DeleteModel", "DeleteEndpointConfig"):
            removed = partial(scene.calls, stage, operation)
            scene.until(f"old releases are removed from {stage}: {operation}", removed)


def _look(scene: Scene) -> None:
    """What is seen from outside, when all is over."""
    scene.until("the edge hears of the rejection", lambda: "nothingToGoBackTo" in scene.log(EDGE))
    for name, account in ((HUB, scene.registry), (EDGE, scene.accounts[EDGE])):
        queue = f"{scene.url}/{account}/sluice"
        scene.until(f"the queue of {name} is empty", partial(_is_empty, scene, queue))
        scene.stop(name)
    for stage in scene.accounts:
        for endpoint in (FORECAST, CHURN) if stage != EDGE else (CHURN,):
            if scene.endpoint(stage, endpoint)["writes"] != {"logs": True, "metrics": True}:
                raise Different(f"endpoint {endpoint} in {stage} has no logs or no metrics")
    told = scene.world.get("logs", account=scene.registry, group="/aws/events/sluice")
    names = {event["detail"]["name"] for event in told}
    if not {"decided", "ended"} <= names or _is_empty(scene, f"{scene.url}/{scene.accounts[EDGE]}/heard-sluice"):
        raise Different(f"of Sluice's own events there are {sorted(names)} only, or none at the edge")


def _torn_down(scene: Scene) -> None:
    """An endpoint that the accounts folder no longer has is removed from staging, with all that was made for it."""
    scene.remove("churn.yaml")
    done = scene.run("teardown", CHURN, "--account", "staging", "--yes", who=scene.keys[HUB])
    if done.returncode or not scene.calls("staging", "DeleteEndpoint"):
        raise Different(f"sluice teardown: {done.stderr or done.stdout}")


def _is_empty(scene: Scene, queue: str) -> bool:
    return not scene.world.get("queues", queueUrl=queue)["messages"]
