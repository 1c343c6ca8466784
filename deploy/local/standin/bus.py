"""EventBridge's delivery: whole envelopes, to queues of any account, by enabled rules only."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from moto.events.models import Rule, events_backends

from . import sqs


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
    rules = events_backends[account][region].event_buses["default"].rules
    for rule in list(rules.values()) * times:
        deliver(rule, event)


def deliver(rule: Rule, event: dict[str, Any]) -> None:
    if rule.state != "ENABLED" or not rule.event_pattern.matches_event(event):  # type: ignore[arg-type]
        return
    for target in list(rule.targets):
        if target["Arn"].split(":")[2] == "sqs":
            # A target whose queue is missing loses the event, as it does without a dead-letter queue of its own.
            sqs.deliver(target["Arn"], _body(target, event))


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
    """Deliver what PutEvents brings the same way, leaving targets that are not queues to moto."""
    send = Rule.send_to_targets

    def send_to_targets(rule: Rule, original_event: Any, transform_input: bool = True) -> None:
        plain = all(t["Arn"].split(":")[2] == "sqs" and "InputTransformer" not in t for t in rule.targets)
        if not plain and rule.state == "ENABLED":
            return send(rule, original_event, transform_input)
        event = {k: v for k, v in original_event.items() if k not in ("ingestion-time", "replay-name")}
        event["time"] = iso(float(event["time"]))
        deliver(rule, event)

    Rule.send_to_targets = send_to_targets  # type: ignore[method-assign,assignment]
