"""IAM's SimulatePrincipalPolicy: what a principal's own policies say, without anything being done.

A principal that has no policy at all is as if it were an administrator, like everywhere in the stand-in.
"""

from __future__ import annotations

import uuid
from xml.sax.saxutils import escape

from moto.iam.models import iam_backends

from . import policy
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


def _policies(arn: str) -> list[str] | None:
    """The policies of a user or role; nothing at all where it has none."""
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
    return [*held.policies.values(), *(attached.document for attached in held.managed_policies.values())] or None


def _decide(policies: list[str] | None, action: str, resource: str, facts: dict[str, str]) -> str:
    if policies is None:
        return "allowed"
    owner = resource.split(":")[4] if resource.startswith("arn:") else None
    verdicts = [
        policy.decide(text, None, action, resource, {"aws:ResourceAccount": owner, **facts}) for text in policies
    ]
    if policy.DENIED in verdicts:
        return "explicitDeny"
    return "allowed" if policy.ALLOWED in verdicts else "implicitDeny"


def _listed(form: dict[str, str], name: str) -> list[str]:
    found = []
    while (key := f"{name}.member.{len(found) + 1}") in form:
        found.append(form[key])
    return found


def _context(form: dict[str, str]) -> dict[str, str]:
    found = 0
    # What the caller of the simulation does not say is as in any request.
    facts = {"aws:SecureTransport": "true"}
    while (name := f"ContextEntries.member.{found + 1}") + ".ContextKeyName" in form:
        facts[form[f"{name}.ContextKeyName"]] = form.get(f"{name}.ContextKeyValues.member.1", "")
        found += 1
    return facts
