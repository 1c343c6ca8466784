"""Every policy of an account, to look at and to change, and sessions as AWS's services hand them out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from . import authority, identity, policy
from .sts import TokenService

Asked = dict[str, Any]


def enforce(asked: Asked) -> Asked:
    authority.enforce(asked["accounts"], bool(asked.get("on", True)), asked.get("organization"))
    return asked


def session(tokens: TokenService) -> Callable[[Asked], Any]:
    def begin(asked: Asked) -> Any:
        """A session as ECS or EC2 gives one to what runs there; the role has to trust the service."""
        arn, service = asked["roleArn"], asked["service"]
        found = identity.role(arn)
        if found is None:
            raise KeyError(f"role {arn}")
        account = arn.split(":")[4]
        where = (
            f"arn:aws:{service.partition('.')[0].partition('-')[0]}:{asked.get('region', 'eu-west-1')}:{account}:local"
        )
        facts = {"aws:SourceAccount": account, "aws:SourceArn": where}
        trust = found.assume_role_policy_document
        if policy.decide(trust, service, "sts:AssumeRole", "*", facts) != policy.ALLOWED:
            raise ValueError(f"the role {arn} does not trust {service}")
        caller = tokens.begin(found, asked["session"])
        return {
            "accessKeyId": caller.access_key,
            "secretAccessKey": caller.secret,
            "sessionToken": caller.token,
            "userId": caller.user_id,
            "arn": caller.arn,
            "account": caller.account,
        }

    return begin


def of(account: str, region: str) -> list[Asked]:
    """All policies: whose, of what kind, of what name, and what it says."""
    iam = iam_backends[account]["aws"]
    found: list[tuple[str, str, str, Any]] = []
    for role in iam.roles.values():
        found.append((role.arn, "trust", "", role.assume_role_policy_document))
        found += [(role.arn, "inline", name, text) for name, text in role.policies.items()]
    for user in iam.users.values():
        found += [(user.arn, "inline", name, text) for name, text in user.policies.items()]
    found += [(p.arn, "managed", p.name, p.document) for p in iam.managed_policies.values() if p.account_id == account]
    found += [(arn, "resource", "", text) for arn, text in _resources(account, region) if text]
    return [
        {"holder": holder, "kind": kind, "name": name, "document": json.loads(text)}
        for holder, kind, name, text in found
    ]


def _resources(account: str, region: str) -> list[tuple[str, Any]]:
    queues = [(queue.queue_arn, queue.policy) for queue in sqs_backends[account][region].queues.values()]
    buckets = [(bucket.arn, bucket.policy) for bucket in s3_backends[account]["aws"].buckets.values()]
    buses = [(bus.arn, bus.policy) for bus in events_backends[account][region].event_buses.values()]
    keys = [(key.arn, key.policy) for key in kms_backends[account][region].keys.values()]
    return [*queues, *buckets, *buses, *keys, *authority.registry.policies(account, region)]


def put(asked: Asked) -> Asked:
    """Let a policy say something else from now on."""
    account, holder, kind = asked["account"], asked["holder"], asked["kind"]
    text, iam = json.dumps(asked["document"]), iam_backends[asked["account"]]["aws"]
    if kind == "resource":
        _put_resource(account, holder, asked["document"])
    elif kind == "managed":
        versions = iam.managed_policies[holder].versions
        next(version for version in versions if version.is_default).document = text
    elif kind == "inline":
        owners = [*iam.roles.values(), *iam.users.values()]
        next(owner for owner in owners if owner.arn == holder).policies[asked["name"]] = text
    elif kind == "trust":
        next(role for role in iam.roles.values() if role.arn == holder).assume_role_policy_document = text
    else:
        raise ValueError(f"there is no kind of policy {kind}")
    return {}


def _put_resource(account: str, arn: str, document: Any) -> None:
    _, _, service, region, _, rest = arn.split(":", 5)
    text, name = json.dumps(document), rest.partition("/")[2]
    if service == "sqs":
        sqs_backends[account][region].queues[rest].policy = text
    elif service == "s3":
        s3_backends[account]["aws"].buckets[rest].policy = text.encode()
    elif service == "kms":
        kms_backends[account][region].keys[name].policy = text
    elif service == "events":
        bus = events_backends[account][region].event_buses[name]
        bus._statements.clear()
        bus.add_policy(document)
    else:
        authority.registry.set_policy(arn, text)
