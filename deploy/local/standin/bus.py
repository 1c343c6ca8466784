"""EventBridge's delivery: whole envelopes, to queues, buses and logs, by enabled rules only."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from moto.events.models import Rule, events_backends
from moto.logs.models import logs_backends

from . import actions, authority, sqs
from .actions import Need

SERVICE = "events.amazonaws.com"
KINDS = ("sqs", "events", "logs")


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
        service = target["Arn"].split(":")[2]
        if service not in KINDS:
            continue
        if not _may_deliver(rule, target, event) or not _hand_over(rule, target, event):
            _bury(rule, target, event)


def _hand_over(rule: Rule, target: dict[str, Any], event: dict[str, Any]) -> bool:
    _, _, service, region, account, rest = target["Arn"].split(":", 5)
    if service == "sqs":
        return sqs.deliver(target["Arn"], _body(target, event))
    if service == "logs":
        # The name follows the words log-group.
        _log(account, region, rest.split(":")[1], event)
    # What came from another account is passed on no further.
    elif event["account"] == rule.arn.split(":")[4]:
        _put(account, region, rest.partition("/")[2], event)
    return True


def _log(account: str, region: str, group: str, event: dict[str, Any]) -> None:
    logs, stream = logs_backends[account][region], event["id"]
    logs.create_log_stream(group, stream)
    logs.put_log_events(group, stream, [{"timestamp": int(time.time() * 1000), "message": json.dumps(event)}])


def _may_deliver(rule: Rule, target: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether the target lets the rule in: with the role it was given, else by the target's own policy."""
    arn = target["Arn"]
    facts = {"events:source": event["source"], "events:detail-type": event["detail-type"]}
    needs = {
        "sqs": [Need("sqs:SendMessage", arn), *actions.queue_key("SendMessage", arn)],
        "events": [Need("events:PutEvents", arn, facts)],
        "logs": [
            Need("logs:CreateLogStream", f"{arn}:*", {"aws:SourceArn": None}),
            Need("logs:PutLogEvents", f"{arn}:*"),
        ],
    }[arn.split(":")[2]]
    source, owner = rule.arn.split(":"), arn.split(":")[4]
    if "RoleArn" in target:
        return all(authority.role_may(target["RoleArn"], "events", need, source[3]) for need in needs)
    if owner != source[4] and authority.enforces(owner):
        # Another account's queue or bus is reached with a role only.
        return False
    return all(authority.service_may(SERVICE, need, rule.arn) for need in needs)


def _bury(rule: Rule, target: dict[str, Any], event: dict[str, Any]) -> None:
    """An event that cannot be delivered is lost but for the target's dead-letter queue."""
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if not queue:
        return
    needs = [Need("sqs:SendMessage", queue), *actions.queue_key("SendMessage", queue)]
    if all(authority.service_may(SERVICE, need, rule.arn) for need in needs):
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
    """Deliver what PutEvents brings the same way, leaving targets of other kinds to moto."""
    send = Rule.send_to_targets

    def send_to_targets(rule: Rule, original_event: Any, transform_input: bool = True) -> None:
        ours = all(t["Arn"].split(":")[2] in KINDS and "InputTransformer" not in t for t in rule.targets)
        if not ours and rule.state == "ENABLED":
            return send(rule, original_event, transform_input)
        event = {k: v for k, v in original_event.items() if k not in ("ingestion-time", "replay-name")}
        event["time"] = iso(float(event["time"]))
        deliver(rule, event)

    Rule.send_to_targets = send_to_targets  # type: ignore[method-assign,assignment]
