"""Rates that an account is held to, as AWS holds each account to its own."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass

from .wire import AWSError


@dataclass
class Bucket:
    match: re.Pattern[str]
    rate: float
    size: float
    left: float
    at: float
    refused: int = 0


class Throttle:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[str, list[Bucket]] = {}

    def set(self, account: str, match: str, rate: float | None, size: float | None) -> None:
        """Hold an account's matching calls to a rate; without one, let them go free again."""
        with self._lock:
            others = [b for b in self._buckets.get(account, []) if b.match.pattern != match]
            if rate is not None:
                size = size or rate
                others.append(Bucket(re.compile(match), rate, size, size, time.monotonic()))
            self._buckets[account] = others

    def check(self, account: str, operation: str) -> None:
        with self._lock:
            now = time.monotonic()
            for bucket in self._buckets.get(account, ()):
                if not bucket.match.search(operation):
                    continue
                bucket.left = min(bucket.size, bucket.left + (now - bucket.at) * bucket.rate)
                bucket.at = now
                if bucket.left < 1:
                    bucket.refused += 1
                    raise AWSError("ThrottlingException", "Rate exceeded")
                bucket.left -= 1

    def shown(self, account: str) -> list[dict[str, object]]:
        with self._lock:
            return [
                {"match": b.match.pattern, "perSecond": b.rate, "burst": b.size, "refused": b.refused}
                for b in self._buckets.get(account, [])
            ]
