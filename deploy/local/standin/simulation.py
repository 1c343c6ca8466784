"""IAM's SimulatePrincipalPolicy: what a principal's own policies say, without anything being done.

A principal that has no policy at all is as if it were an administrator, like everywhere in the stand-in.
"""

from __future__ import annotations

import json
import uuid
from fnmatch import fnmatchcase
from typing import Any
from xml.sax.saxutils import escape

from moto.iam.models import iam_backends

from .identity import Caller
from .wire import AWSError, Reply, Request

NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


def answer(request: Request, caller: Caller, operation: str) -> Reply | None:
    if operation != "SimulatePrincipalPolicy":
        return None
    form = request.form
    policies = _policies(form.get("PolicySourceArn", ""))
    resources = _listed(form, "ResourceArns") or ["*"]
    facts = _context(form)
    members = []
    for action in _listed(form, "ActionNames"):
        decisions = [(resource, _decide(policies, action, resource, facts)) for resource in resources]
        worst = next((d for d in ("explicitDeny", "implicitDeny") if d in [x for _, x in decisions]), "allowed")
        apart = "".join(
            f"<member><EvalResourceName>{escape(resource)}</EvalResourceName>"
            f"<EvalResourceDecision>{decision}</EvalResourceDecision></member>"
            for resource, decision in decisions
        )
        specific = f"<ResourceSpecificResults>{apart}</ResourceSpecificResults>" if len(resources) > 1 else ""
        members.append(
            f"<member><EvalActionName>{escape(action)}</EvalActionName>"
            f"<EvalResourceName>{escape(resources[0])}</EvalResourceName><EvalDecision>{worst}</EvalDecision>"
            f"<MatchedStatements/><MissingContextValues/>{specific}</member>"
        )
    request_id = str(uuid.uuid4())
    body = (
        f'<SimulatePrincipalPolicyResponse xmlns="{NAMESPACE}"><SimulatePrincipalPolicyResult>'
        f"<IsTruncated>false</IsTruncated><EvaluationResults>{''.join(members)}</EvaluationResults>"
        f"</SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        "</SimulatePrincipalPolicyResponse>"
    )
    return Reply(200, {"content-type": "text/xml", "x-amzn-requestid": request_id}, body.encode())


def _policies(arn: str) -> list[dict[str, Any]] | None:
    """The statements of a user or role; nothing at all where it has no policy."""
    parts = arn.split(":", 5)
    kind, _, name = parts[-1].partition("/")
    account = parts[4] if len(parts) == 6 else ""
    held = None
    if account in iam_backends and kind in ("role", "user"):
        iam = iam_backends[account]["aws"]
        holders = iam.roles.values() if kind == "role" else iam.users.values()
        held = next((holder for holder in holders if holder.arn == arn), None)
    if held is None:
        raise AWSError("NoSuchEntity", f"The {kind} with name {name} cannot be found.", 404)
    texts = [*held.policies.values(), *(attached.document for attached in held.managed_policies.values())]
    if not texts:
        return None
    found = [json.loads(text)["Statement"] for text in texts]
    return [statement for group in found for statement in (group if isinstance(group, list) else [group])]


def _decide(statements: list[dict[str, Any]] | None, action: str, resource: str, facts: dict[str, str]) -> str:
    if statements is None:
        return "allowed"
    verdict = "implicitDeny"
    for statement in statements:
        applies = (
            any(fnmatchcase(action.lower(), known.lower()) for known in _list(statement.get("Action")))
            and any(fnmatchcase(resource, known) for known in _list(statement.get("Resource", "*")))
            and _holds(statement.get("Condition", {}), facts)
        )
        if applies and statement.get("Effect") == "Deny":
            return "explicitDeny"
        if applies:
            verdict = "allowed"
    return verdict


def _holds(conditions: dict[str, dict[str, Any]], facts: dict[str, str]) -> bool:
    known = {key.lower(): value for key, value in facts.items()}
    return all(
        any(fnmatchcase(known.get(key.lower(), ""), wanted) for wanted in _list(values))
        for tests in conditions.values()
        for key, values in tests.items()
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _listed(form: dict[str, str], name: str) -> list[str]:
    found = []
    while (key := f"{name}.member.{len(found) + 1}") in form:
        found.append(form[key])
    return found


def _context(form: dict[str, str]) -> dict[str, str]:
    facts: dict[str, str] = {}
    while (name := f"ContextEntries.member.{len(facts) + 1}") + ".ContextKeyName" in form:
        facts[form[f"{name}.ContextKeyName"]] = form.get(f"{name}.ContextKeyValues.member.1", "")
    return facts
