"""CloudWatch's alarms, which are in the state they were put in: no metric is ever looked at.

moto's begin OK, tell no time of their last transition and lack composite ones.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .identity import Caller
from .wire import AWSError, Reply, Request, json_reply

STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")
MOST_NAMES = 100


@dataclass
class Alarm:
    asked: dict[str, Any]
    composite: bool
    updated: float
    # The time of the last change of the state's value; an update to the same value leaves it.
    transitioned: float
    state: str = "INSUFFICIENT_DATA"
    reason: str = "Unchecked: Initial alarm creation"

    def set(self, state: str, reason: str) -> None:
        if state not in STATES:
            raise _invalid(f"Value '{state}' at 'stateValue' failed to satisfy constraint: Member must satisfy enum")
        self.updated = time.time()
        if state != self.state:
            self.transitioned = self.updated
        self.state, self.reason = state, reason


@dataclass
class Held:
    """What one account has in one region."""

    account: str
    region: str
    alarms: dict[str, Alarm] = field(default_factory=dict)


class Alarms:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[tuple[str, str], Held] = {}
        self._operations: dict[str, Callable[[Held, dict[str, Any]], dict[str, Any]]] = {
            "PutMetricAlarm": lambda held, asked: _put(held, asked, False),
            "PutCompositeAlarm": lambda held, asked: _put(held, asked, True),
            "SetAlarmState": _set,
            "DescribeAlarms": _describe,
            "DeleteAlarms": _delete,
        }

    def answer(self, request: Request, caller: Caller, operation: str) -> Reply | None:
        """The reply to what is asked about alarms in AWS JSON; metrics and the rest stay moto's."""
        perform = self._operations.get(operation)
        if perform is None or request.protocol != "json":
            return None
        with self._lock:
            return json_reply(perform(self._of(caller.account, request.region), request.json), "1.0")

    def put(self, account: str, region: str, name: str, state: str, composite: bool) -> dict[str, Any]:
        """An alarm in a state, made if need be."""
        with self._lock:
            held = self._of(account, region)
            if name not in held.alarms:
                _put(held, {"AlarmName": name}, composite)
            held.alarms[name].set(state, "Set by hand")
            return _shown(held, held.alarms[name])

    def make(self, account: str, region: str, asked: dict[str, Any], composite: bool) -> str:
        """The ARN of an alarm as PutMetricAlarm or PutCompositeAlarm makes it."""
        with self._lock:
            held = self._of(account, region)
            _put(held, asked, composite)
            return _shown(held, held.alarms[asked["AlarmName"]])["AlarmArn"]

    def drop(self, account: str, region: str, name: str) -> None:
        with self._lock:
            self._of(account, region).alarms.pop(name, None)

    def rings(self, account: str, region: str, names: list[str]) -> bool:
        """Whether one of them is in alarm; one that does not exist, or lacks data, never is."""
        with self._lock:
            alarms = self._of(account, region).alarms
            return any(name in alarms and alarms[name].state == "ALARM" for name in names)

    def _of(self, account: str, region: str) -> Held:
        return self._all.setdefault((account, region), Held(account, region))


def _describe(held: Held, asked: dict[str, Any]) -> dict[str, Any]:
    names, most = asked.get("AlarmNames"), asked.get("MaxRecords", 50)
    if names and len(names) > MOST_NAMES:
        raise _invalid(f"Member 'alarmNames' must have length less than or equal to {MOST_NAMES}")
    if not 1 <= most <= 100:
        raise _invalid(f"Value '{most}' at 'maxRecords' failed to satisfy constraint")
    # Composite alarms are only shown to who asks for them.
    types = asked.get("AlarmTypes") or ["MetricAlarm"]
    found = [
        alarm
        for name, alarm in sorted(held.alarms.items())
        if (not names or name in names)
        and name.startswith(asked.get("AlarmNamePrefix", ""))
        and alarm.state == asked.get("StateValue", alarm.state)
        and ("CompositeAlarm" if alarm.composite else "MetricAlarm") in types
    ]
    first = int(asked.get("NextToken", 0))
    taken = found[first : first + most]
    more = {"NextToken": str(first + most)} if len(found) > first + most else {}
    return {
        "MetricAlarms": [_shown(held, alarm) for alarm in taken if not alarm.composite],
        "CompositeAlarms": [_shown(held, alarm) for alarm in taken if alarm.composite],
        **more,
    }


def _put(held: Held, asked: dict[str, Any], composite: bool) -> dict[str, Any]:
    """A new alarm lacks data; one that is put again keeps its state."""
    name, now = asked["AlarmName"], time.time()
    if name in held.alarms:
        held.alarms[name].asked = asked
    else:
        held.alarms[name] = Alarm(asked, composite, now, now)
    return {}


def _set(held: Held, asked: dict[str, Any]) -> dict[str, Any]:
    if asked["AlarmName"] not in held.alarms:
        raise AWSError("ResourceNotFound", f"Unknown alarm {asked['AlarmName']}", 404)
    held.alarms[asked["AlarmName"]].set(asked["StateValue"], asked["StateReason"])
    return {}


def _delete(held: Held, asked: dict[str, Any]) -> dict[str, Any]:
    for name in asked["AlarmNames"]:
        held.alarms.pop(name, None)
    return {}


def _shown(held: Held, alarm: Alarm) -> dict[str, Any]:
    shown = {key: value for key, value in alarm.asked.items() if key != "Tags"}
    return {
        **shown,
        "AlarmArn": f"arn:aws:cloudwatch:{held.region}:{held.account}:alarm:{alarm.asked['AlarmName']}",
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        "StateUpdatedTimestamp": alarm.updated,
        "StateTransitionedTimestamp": alarm.transitioned,
    }


def _invalid(message: str) -> AWSError:
    return AWSError("ValidationError", f"1 validation error detected: {message}")
