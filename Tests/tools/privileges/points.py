"""The actions that the templates allow, one by one, and how one of them is taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scene import Scene

# Set up by hand or by the company itself, not by a template.
OTHERS = ("user/administrator", "role/somebody-else", "role/release-managers", ":heard-sluice")
DEPLOYMENT = "deployment-account"


@dataclass(frozen=True)
class Point:
    """An action in one statement of a template: the same in every account that the template is used in."""

    template: str
    holder: str
    statement: str
    action: str

    def __str__(self) -> str:
        return f"{self.template}: {self.holder}, {self.statement}: {self.action}"


def points(scene: Scene) -> list[Point]:
    """Every action that is allowed, in the order of the templates."""
    found = {
        _point(scene, policy, statement, action): None
        for policy in _made(scene)
        for statement in _statements(policy)
        for action in _actions(statement)
    }
    return list(found)


def remove(scene: Scene, point: Point) -> None:
    """Take the action out of the live policies of every account."""
    removed = 0
    for policy in _made(scene):
        kept: list[dict[str, Any]] = []
        before = removed
        for statement in _statements(policy, everything=True):
            actions = _actions(statement)
            left = [action for action in actions if _point(scene, policy, statement, action) != point]
            allows = statement["Effect"] == "Allow"
            removed += len(actions) - len(left) if allows else 0
            if not allows or left:
                kept.append({**statement, "Action": left} if allows else statement)
        if removed > before:
            scene.world.post("policies", **{**policy, "document": {**policy["document"], "Statement": kept}})
    if not removed:
        raise SystemExit(f"there is nothing to remove: {point}")


def allowed(scene: Scene) -> dict[tuple[str, str], set[str]]:
    """The actions that each role has, by the role and the template it is of."""
    found: dict[tuple[str, str], set[str]] = {}
    for policy in _made(scene):
        for statement in _statements(policy) if policy["kind"] == "inline" else []:
            key = (template(scene, policy["holder"]), _holder(scene, policy))
            found.setdefault(key, set()).update(_actions(statement))
    return found


def _made(scene: Scene) -> list[dict[str, Any]]:
    return [
        policy
        for policy in scene.policies()
        if not policy["holder"].endswith(OTHERS)
        and "acme-tests" not in policy["holder"]
        # What a service does before the run begins is no part of it, and neither is a key's own policy.
        and ":kms:" not in policy["holder"]
        and (policy["kind"] != "trust" or "AWS" in str(policy["document"]))
    ]


def _statements(policy: dict[str, Any], everything: bool = False) -> list[dict[str, Any]]:
    return [s for s in policy["document"]["Statement"] if everything or s["Effect"] == "Allow"]


def _actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


def _point(scene: Scene, policy: dict[str, Any], statement: dict[str, Any], action: str) -> Point:
    kind = {"trust": "trust", "resource": "policy"}.get(policy["kind"], policy["name"])
    sid = statement.get("Sid", "")
    return Point(template(scene, policy["holder"]), _holder(scene, policy), f"{kind} {sid}".strip(), action)


def template(scene: Scene, arn: str) -> str:
    """The template that makes a resource; a bucket's ARN tells no account, and both templates have one."""
    if f":{scene.registry}:" in arn or arn.startswith("arn:aws:s3:::acme-artifacts"):
        return "registry"
    return "per-account-worker" if arn.endswith((":role/sluice-worker", ":sluice", ":sluice-dead")) else DEPLOYMENT


def _holder(scene: Scene, policy: dict[str, Any]) -> str:
    """A role's, queue's, bucket's or bus's name, without the account's number."""
    return policy["holder"].split(":", 5)[5].replace(policy["account"], "ACCOUNT")
