"""What was called, by whom and with what outcome, for tests that count and people who look."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import Any

# The newest are kept; the counts go on.
MOST_PER_ACCOUNT = 100_000


class Calls:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n = 0
        self._by_account: dict[str, deque[dict[str, Any]]] = {}
        self._counts: dict[str, Counter[str]] = {}

    def add(
        self, service: str, operation: str, account: str, caller: str, status: int, subject: str, done: bool
    ) -> None:
        with self._lock:
            self._n += 1
            call = {
                "n": self._n,
                "at": time.time(),
                "service": service,
                "operation": operation,
                "account": account,
                "caller": caller,
                "status": status,
                "subject": subject,
                "done": done,
            }
            self._by_account.setdefault(account, deque(maxlen=MOST_PER_ACCOUNT)).append(call)
            self._counts.setdefault(account, Counter())[f"{service}.{operation}"] += 1

    def since(self, account: str | None, n: int) -> list[dict[str, Any]]:
        with self._lock:
            chosen = [account] if account else list(self._by_account)
            found = [c for a in chosen for c in self._by_account.get(a, ()) if c["n"] > n]
        return sorted(found, key=lambda call: call["n"])

    def counts(self, account: str | None) -> dict[str, int]:
        with self._lock:
            chosen = [account] if account else list(self._counts)
            return dict(sum((self._counts.get(a, Counter()) for a in chosen), Counter()))

    def clear(self, account: str | None) -> None:
        with self._lock:
            for chosen in [account] if account else list(self._by_account):
                self._by_account.pop(chosen, None)
                self._counts.pop(chosen, None)
