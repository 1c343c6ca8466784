"""Deployment guardrails: how an update moves its traffic, how long it is watched, and what takes it back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from .wire import invalid

Variants = list[dict[str, Any]]
SIZES = {"ALL_AT_ONCE": None, "CANARY": "CanarySize", "LINEAR": "LinearStepSize"}
AT_ONCE = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}}


@dataclass
class Watch:
    """What is done with the traffic once the new fleet is up; `shown` is what LastDeploymentConfig says of it."""

    shown: dict[str, Any] | None = None
    seconds: float = 0
    alarms: list[str] = field(default_factory=list)

    @property
    def type(self) -> str | None:
        if self.shown is None:
            return None
        return "ROLLING" if "RollingUpdatePolicy" in self.shown else _routing(self.shown)["Type"]


def plan(asked: dict[str, Any] | None, live: Variants, new: Variants, falls_back: bool) -> Watch:
    """What an update does with the traffic, which is not always what it was asked.

    Where guardrails do not apply, as between variants of other names, AWS moves everything at once and watches
    nothing, and says so nowhere but in LastDeploymentConfig.
    """
    if asked is None:
        return Watch()
    _check(asked, new)
    if falls_back or {v["VariantName"] for v in live} != {v["VariantName"] for v in new}:
        return Watch(AT_ONCE)
    alarms = [a["AlarmName"] for a in asked.get("AutoRollbackConfiguration", {}).get("Alarms", [])]
    policy = asked.get("BlueGreenUpdatePolicy")
    seconds = _seconds(policy) if policy else 0
    return Watch(asked, seconds, alarms)


def _routing(deployment: dict[str, Any]) -> dict[str, Any]:
    return deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]


def _seconds(policy: dict[str, Any]) -> float:
    routing = policy["TrafficRoutingConfiguration"]
    steps = math.ceil(100 / routing["LinearStepSize"]["Value"]) if routing["Type"] == "LINEAR" else 1
    return steps * routing["WaitIntervalInSeconds"] + policy.get("TerminationWaitInSeconds", 0)


def _check(deployment: dict[str, Any], variants: Variants) -> None:
    policies = [key for key in ("BlueGreenUpdatePolicy", "RollingUpdatePolicy") if key in deployment]
    if len(policies) != 1:
        raise invalid("Exactly one of BlueGreenUpdatePolicy and RollingUpdatePolicy must be specified.")
    rollback = deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    if len(rollback) > 10:
        raise _beyond("autoRollbackConfiguration.alarms", len(rollback))
    if policies == ["RollingUpdatePolicy"]:
        return
    policy, routing = deployment["BlueGreenUpdatePolicy"], _routing(deployment)
    _within("waitIntervalInSeconds", routing["WaitIntervalInSeconds"], 0, 3600)
    _within("terminationWaitInSeconds", policy.get("TerminationWaitInSeconds", 0), 0, 3600)
    limit = policy.get("MaximumExecutionTimeoutInSeconds", 28800)
    _within("maximumExecutionTimeoutInSeconds", limit, 600, 28800)
    _check_size(routing, variants)
    if limit <= _seconds(policy):
        raise invalid("MaximumExecutionTimeoutInSeconds must be greater than the total of all waits.")


def _check_size(routing: dict[str, Any], variants: Variants) -> None:
    if routing["Type"] not in SIZES:
        raise _beyond("trafficRoutingConfiguration.type", routing["Type"])
    wanted = SIZES[routing["Type"]]
    given = [key for key in ("CanarySize", "LinearStepSize") if key in routing]
    if given != ([wanted] if wanted else []):
        raise invalid(f"{wanted or 'No size'} must be specified for traffic routing of type {routing['Type']}.")
    if wanted is None:
        return
    size, least = routing[wanted], 10 if wanted == "LinearStepSize" else 1
    for variant in variants:
        count = variant["DesiredInstanceCount"]
        if size["Type"] == "CAPACITY_PERCENT":
            _within(wanted, size["Value"], least, 50)
        # Part of the new fleet is at most half of it, and half of one instance is none.
        if count < 2 or (size["Type"] == "INSTANCE_COUNT" and size["Value"] > count / 2):
            raise invalid(f"{wanted} must be at most 50% of variant {variant['VariantName']}'s {count} instance(s).")


def _within(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise _beyond(what, value)


def _beyond(what: str, value: Any) -> Exception:
    return invalid(f"1 validation error detected: Value '{value}' at '{what}' failed to satisfy constraint")
