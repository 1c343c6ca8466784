"""Faults on order: errors instead of or after an effect, lost and torn replies, delays, replies held back.

`entry` lets the first entry of an SQS batch fail, and the others succeed.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from .wire import AWSError

WHEN = ("instead", "after", "drop-before", "drop-after", "half", "hold-before", "hold-after", "refuse", "entry")
# A reply that nobody releases must not hold a thread for ever.
LONGEST_HOLD = 600


@dataclass
class Fault:
    id: str
    match: re.Pattern[str]
    account: str | None
    error: AWSError | None
    when: str
    times: int
    delay: float
    subject: re.Pattern[str] | None
    # How many calls that fit are let through first.
    skip: int = 0
    # How far the clock that a refusal shows in its Date is off.
    clock: float = 0
    fired: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    def pause(self) -> None:
        if self.delay:
            time.sleep(self.delay)

    def hold(self) -> None:
        self.released.wait(LONGEST_HOLD)

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "match": self.match.pattern,
            "account": self.account,
            "when": self.when,
            "times": self.times,
            "fired": self.fired,
            "code": self.error.code if self.error else None,
        }


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = count(1)
        self._faults: dict[str, Fault] = {}

    def add(self, asked: dict[str, Any]) -> Fault:
        when = asked.get("when", "instead")
        if when not in WHEN:
            raise ValueError(f"when is one of {', '.join(WHEN)}")
        error = None
        if "code" in asked or "status" in asked:
            code = asked.get("code", "InternalFailure")
            error = AWSError(
                code, asked.get("message", "A fault on order."), asked.get("status", 500), asked.get("more")
            )
        elif when in ("instead", "after", "entry") and not asked.get("delaySeconds"):
            raise ValueError("a fault without status or code needs delaySeconds, or when drop-… or hold-…")
        subject = re.compile(asked["subject"]) if "subject" in asked else None
        with self._lock:
            fault = Fault(
                id=f"f{next(self._ids)}",
                match=re.compile(asked["match"]),
                account=asked.get("account"),
                error=error,
                when=when,
                times=asked.get("times", 1),
                delay=float(asked.get("delaySeconds", 0)),
                subject=subject,
                skip=asked.get("skip", 0),
                clock=float(asked.get("clockSeconds", 0)),
            )
            self._faults[fault.id] = fault
        return fault

    def take(self, operation: str, account: str, subject: str) -> Fault | None:
        """The first fault that fits this call and has times left; taking it uses one up."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults.values():
                spent = fault.times >= 0 and fault.fired >= fault.times
                fits = fault.account in (None, account) and fault.match.search(operation)
                if not spent and fits and (fault.subject is None or fault.subject.search(subject)):
                    if fault.skip > 0:
                        fault.skip -= 1
                        continue
                    fault.fired += 1
                    return fault
        return None

    def all(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.shown() for fault in self._faults.values()]

    def release(self, fault_id: str) -> Fault:
        fault = self._faults[fault_id]
        fault.released.set()
        return fault

    def remove(self, fault_id: str) -> Fault:
        """Take a fault away and let go what it holds."""
        with self._lock:
            fault = self._faults.pop(fault_id)
        fault.released.set()
        return fault
