"""Who may do what: requests held to identity and resource policies, for the accounts that ask for it.

An account that does not is as if everybody in it were an administrator, which is what most tests want.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.sqs.models import sqs_backends

from . import actions, objects, organizations
from .actions import Need
from .identity import Caller, role
from .policy import ALLOWED, DELEGATED, DENIED, about, as_list, decide, lacks
from .wire import AWSError, Request

_lock = threading.Lock()
# The accounts whose requests are held to their policies, with the organisation each is in, if it is in one.
_enforced: dict[str, str | None] = {}
# What was refused for want of a permission, in order.
_refusals: list[dict[str, Any]] = []
# The model registry, which keeps the policies of its groups itself and makes itself known here.
registry: Any = None


@dataclass(frozen=True)
class Ruling:
    allowed: bool
    why: str = ""


def enforce(accounts: list[str], on: bool, organization: str | None) -> None:
    with _lock:
        for account in accounts:
            if on:
                _enforced[account] = organization
            else:
                _enforced.pop(account, None)


def enforces(account: str) -> bool:
    return account in _enforced


def refusals(account: str | None, since: int) -> list[dict[str, Any]]:
    """What was refused, the number of the first being 1."""
    with _lock:
        return [r for r in _refusals[since:] if account in (None, r["account"], r["owner"])]


def check(request: Request, caller: Caller, service: str, operation: str) -> None:
    """Refuse a request that its caller has not all the permissions for."""
    if not _enforced or not any(enforces(account) for account in (caller.account, *actions.reached(request, service))):
        return
    for need in actions.of(service, operation, request, caller):
        if operation == "DeleteObjects":
            # Every key is answered for by itself.
            continue
        ruling = judge(caller, need, request.region)
        if not ruling.allowed:
            raise _refusal(request, service, caller, need, ruling.why)


def denied_keys(request: Request, caller: Caller) -> list[str]:
    """The keys of a DeleteObjects that the caller may not delete."""
    if not _enforced:
        return []
    needs = actions.of("s3", "DeleteObjects", request, caller)
    keys = actions.s3_deleted(request)
    return [key for key, need in zip(keys, needs, strict=True) if not judge(caller, need, request.region).allowed]


def judge(caller: Caller, need: Need, region: str) -> Ruling:
    """Whether a caller may, with the reason in AWS's words where not."""
    owner = _owner(need.resource) or caller.account
    if not (enforces(caller.account) or enforces(owner)):
        return Ruling(True)
    facts = {
        **about(caller),
        "aws:RequestedRegion": region,
        "aws:ResourceAccount": owner,
        "aws:PrincipalOrgID": _enforced.get(caller.account),
        "aws:ResourceOrgID": _enforced.get(owner),
        **need.facts,
    }
    mine = _identity(caller, need, facts) if enforces(caller.account) else ALLOWED
    kind = need.resource.split(":")[2] if need.resource.startswith("arn:") else ""
    theirs = _theirs(caller, need, kind, facts) if enforces(owner) else ALLOWED
    ruling = _rule(mine, theirs, kind, caller.account == owner, need.action)
    if not ruling.allowed:
        note(caller, owner, need, ruling.why)
    return ruling


def _theirs(caller: Caller, need: Need, kind: str, facts: dict[str, Any]) -> str | None:
    """What the resource's own policy says."""
    # A role's is about who may assume it, and about nothing else.
    document = None if kind == "iam" and not need.action.startswith("sts:") else _resource_policy(need.resource)
    if document is None:
        return None
    return decide(document, caller, need.action, _as_policy_names(kind, need.resource), facts)


def _rule(mine: str | None, theirs: str | None, kind: str, at_home: bool, action: str) -> Ruling:
    if mine == DENIED:
        return Ruling(False, "with an explicit deny in an identity-based policy")
    if theirs == DENIED:
        return Ruling(False, "with an explicit deny in a resource-based policy")
    # Roles to assume and keys are nobody's but by their own policy; whatever else is in the account is its own.
    strict = kind == "kms" or action.startswith("sts:")
    if at_home and (theirs == ALLOWED or (mine == ALLOWED and (theirs == DELEGATED or not strict))):
        return Ruling(True)
    if not at_home and mine == ALLOWED and theirs in (ALLOWED, DELEGATED):
        return Ruling(True)
    lacking = "identity" if mine != ALLOWED else "resource"
    return Ruling(False, f"because no {lacking}-based policy allows the {action} action")


def _as_policy_names(kind: str, resource: str) -> str:
    """A role's and a key's own policy is about nothing but the role or key, and says so with a star or not at all."""
    return "*" if kind in ("iam", "kms") else resource


def service_may(service: str, need: Need, source: str) -> bool:
    """Whether a resource's policy lets a service of AWS's do something there for one of its own resources."""
    if not enforces(_owner(need.resource) or ""):
        return True
    facts = {
        "aws:SourceArn": source,
        "aws:SourceAccount": source.split(":")[4],
        "aws:PrincipalIsAWSService": "true",
        "aws:SecureTransport": "true",
        "aws:PrincipalArn": None,
        "aws:PrincipalAccount": None,
        **need.facts,
    }
    kind = need.resource.split(":")[2]
    document, resource = _resource_policy(need.resource), _as_policy_names(kind, need.resource)
    allowed = decide(document, service, need.action, resource, facts) == ALLOWED
    if not allowed:
        note(service, _owner(need.resource) or "", need, "because no resource-based policy does")
    return allowed


def role_may(role_arn: str, session: str, need: Need, region: str) -> bool:
    """Whether a role that a service of AWS's has assumed may."""
    return judge(acting(role_arn, session), need, region).allowed


def acting(role_arn: str, session: str) -> Caller:
    """A service of AWS's with a role that was passed to it."""
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    found = role(role_arn)
    user_id = f"{found.id if found else 'AROAMISSING'}:{session}"
    return Caller(account, f"arn:aws:sts::{account}:assumed-role/{name}/{session}", user_id, "", "", role_arn=role_arn)


# Where policies are kept.


def _identity(caller: Caller, need: Need, facts: dict[str, Any]) -> str | None:
    verdicts = [decide(text, None, need.action, need.resource, facts) for text in identity_policies(caller)]
    return next((verdict for verdict in (DENIED, ALLOWED) if verdict in verdicts), None)


def identity_policies(caller: Caller) -> list[str]:
    """The policies that a user or role has, inline and attached."""
    iam = iam_backends[caller.account]["aws"]
    if caller.role_arn:
        holders = [found] if (found := role(caller.role_arn)) else []
    elif caller.arn.endswith(":root"):
        return ['{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}']
    else:
        user = iam.users.get(caller.arn.rpartition("/")[2])
        holders = [user, *(group for group in iam.groups.values() if user in group.users)] if user else []
    if any(getattr(holder, "permissions_boundary_arn", None) for holder in holders):
        raise lacks("does not evaluate permissions boundaries")
    texts = [text for holder in holders for text in holder.policies.values()]
    return texts + [attached.document for holder in holders for attached in holder.managed_policies.values()]


def _owner(arn: str) -> str | None:
    """The account that a resource is in."""
    if not arn.startswith("arn:"):
        return None
    _, _, service, _, account, rest = arn.split(":", 5)
    if service == "ecr":
        # Whose repositories let whom pull is not kept here.
        return None
    return objects.owner(rest.partition("/")[0]) if service == "s3" else account


def _resource_policy(arn: str) -> str | bytes | None:
    """The policy on a resource, if it is of a kind that has one."""
    if not arn.startswith("arn:"):
        return None
    _, _, service, region, account, rest = arn.split(":", 5)
    kind, _, name = rest.partition("/")
    if service == "s3":
        held = objects.bucket_of(kind)
        return held.policy if held else None
    if service == "sqs":
        queue = sqs_backends[account][region].queues.get(rest)
        return queue.policy if queue else None
    if service == "sagemaker" and kind in ("model-package", "model-package-group"):
        return registry.policy_of(arn)
    if service == "iam":
        found = role(arn)
        return found.assume_role_policy_document if found else None
    if service == "kms":
        key = kms_backends[account][region].keys.get(name)
        return key.policy if key else None
    if service == "logs":
        # Their policies are the region's, and say which groups they are about.
        texts = [held.policy_document for held in logs_backends[account][region].resource_policies.values()]
        statements = [statement for text in texts for statement in as_list(json.loads(text)["Statement"])]
        return json.dumps({"Statement": statements})
    if service == "organizations":
        return organizations.policy_of(account)
    if service == "events" and kind == "event-bus":
        bus = events_backends[account][region].event_buses.get(name)
        return bus.policy if bus else None
    return None


# Refusals.


def note(caller: Caller | str, owner: str, need: Need, why: str) -> None:
    """Keep in mind what was refused to a caller, or to a service of AWS's."""
    who, account = (caller, owner) if isinstance(caller, str) else (caller.arn, caller.account)
    with _lock:
        _refusals.append(
            {
                "n": len(_refusals) + 1,
                "caller": who,
                "account": account,
                "owner": owner,
                "action": need.action,
                "resource": need.resource,
                "why": why,
            }
        )


def _refusal(request: Request, service: str, caller: Caller, need: Need, why: str) -> AWSError:
    # SQS alone writes its actions small, and S3 its resources in quotes.
    action = need.action.lower() if need.action.startswith("sqs:") else need.action
    why = why.replace(need.action, action)
    resource = f'"{need.resource}"' if need.action.startswith("s3:") else need.resource
    text = f"User: {caller.arn} is not authorized to perform: {action}"
    # An action on nothing in particular names no resource.
    text += "" if need.resource == "*" else f" on resource: {resource}"
    # Of a role's trust STS says nothing.
    text = text if service == "sts" and "resource-based" in why else f"{text} {why}"
    if service == "organizations" and "no resource-based" in why:
        text = "You don't have permissions to access this resource."
    if service in ("s3", "sqs", "sts", "cloudwatch", "iam", "cloudformation"):
        return AWSError("AccessDenied", text, 403)
    return AWSError("AccessDeniedException", text, 403 if service == "sagemaker-runtime" else 400)
