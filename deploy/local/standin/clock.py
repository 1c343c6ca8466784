"""One thread that does things when they are due, so that a transition is announced though nobody looks."""

from __future__ import annotations

import heapq
import sys
import threading
import time
import traceback
from collections.abc import Callable
from itertools import count


class Clock:
    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._changed = threading.Condition()
        threading.Thread(target=self._run, daemon=True).start()

    def at(self, when: float, do: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._due, (when, next(self._order), do))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.time():
                    self._changed.wait(max(0.0, self._due[0][0] - time.time()) if self._due else None)
                do = heapq.heappop(self._due)[2]
            try:
                do()
            except Exception:
                # One failure must not stop every later transition.
                traceback.print_exc(file=sys.stderr)
