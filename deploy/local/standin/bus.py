"""EventBridge's delivery: whole envelopes, to queues and buses of any account, by enabled rules only."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from moto.events.models import Rule, events_backends

from . import authority, sqs
from .actions import Need

SERVICE = "events.amazonaws.com"


def iso(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def emit(account: str, region: str, kind: str, resources: list[str], detail: dict[str, Any], times: int = 1) -> None:
    """Put an event of SageMaker's on an account's own default bus; delivered again it keeps its id."""
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": "aws.sagemaker",
        "account": account,
        "time": iso(time.time()),
        "region": region,
        "resources": resources,
        "detail": detail,
    }
    for _ in range(times):
        _put(account, region, "default", event)


def _put(account: str, region: str, bus: str, event: dict[str, Any]) -> None:
    found = events_backends[account][region].event_buses.get(bus)
    for rule in list(found.rules.values()) if found else []:
        deliver(rule, event)


def deliver(rule: Rule, event: dict[str, Any]) -> None:
    if rule.state != "ENABLED" or not rule.event_pattern.matches_event(event):  # type: ignore[arg-type]
        return
    for target in list(rule.targets):
        _, _, service, region, account, rest = target["Arn"].split(":", 5)
        if service not in ("sqs", "events"):
            continue
        if not _may_deliver(rule, target, service, event):
            _bury(rule, target, event)
        elif service == "sqs" and not sqs.deliver(target["Arn"], _body(target, event)):
            _bury(rule, target, event)
        # What came from another account is passed on no further.
        elif service == "events" and event["account"] == rule.arn.split(":")[4]:
            _put(account, region, rest.partition("/")[2], event)


def _may_deliver(rule: Rule, target: dict[str, Any], service: str, event: dict[str, Any]) -> bool:
    """Whether the target lets the rule in: with the role it was given, else by the queue's or bus's own policy."""
    if service == "sqs":
        need = Need("sqs:SendMessage", target["Arn"])
    else:
        facts = {"events:source": event["source"], "events:detail-type": event["detail-type"]}
        need = Need("events:PutEvents", target["Arn"], facts)
    source, owner = rule.arn.split(":"), target["Arn"].split(":")[4]
    if "RoleArn" in target:
        return authority.role_may(target["RoleArn"], "events", need, source[3])
    if owner != source[4] and authority.enforces(owner):
        # Another account's queue or bus is reached with a role only.
        return False
    return authority.service_may(SERVICE, need, rule.arn)


def _bury(rule: Rule, target: dict[str, Any], event: dict[str, Any]) -> None:
    """An event that cannot be delivered is lost but for the target's dead-letter queue."""
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if queue and authority.service_may(SERVICE, Need("sqs:SendMessage", queue), rule.arn):
        sqs.deliver(queue, json.dumps(event))


def _body(target: dict[str, Any], event: dict[str, Any]) -> str:
    if "Input" in target:
        return target["Input"]
    if "InputPath" in target:
        value: Any = event
        for part in [p for p in target["InputPath"].lstrip("$").split(".") if p]:
            value = value.get(part) if isinstance(value, dict) else None
        return json.dumps(value)
    return json.dumps(event)


def follow_moto() -> None:
    """Deliver what PutEvents brings the same way, leaving targets that are not queues or buses to moto."""
    send = Rule.send_to_targets

    def send_to_targets(rule: Rule, original_event: Any, transform_input: bool = True) -> None:
        ours = all(t["Arn"].split(":")[2] in ("sqs", "events") and "InputTransformer" not in t for t in rule.targets)
        if not ours and rule.state == "ENABLED":
            return send(rule, original_event, transform_input)
        event = {k: v for k, v in original_event.items() if k not in ("ingestion-time", "replay-name")}
        event["time"] = iso(float(event["time"]))
        deliver(rule, event)

    Rule.send_to_targets = send_to_targets  # type: ignore[method-assign,assignment]
