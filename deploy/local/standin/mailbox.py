"""The messages of one queue: what SQS promises about them, at a cost that does not grow with the queue."""

from __future__ import annotations

import hashlib
import heapq
import secrets
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from .wire import AWSError

LONGEST_INVISIBLE = 43200


@dataclass(eq=False)
class Message:
    body: str
    sender: str
    attributes: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    sent: float = field(default_factory=time.time)
    first_received: float | None = None
    received: float = 0.0
    receives: int = 0
    handle: str | None = None
    hidden_until: float = 0.0
    source: str | None = None
    deleted: bool = False

    @property
    def md5(self) -> str:
        return hashlib.md5(self.body.encode("utf-8", "surrogateescape")).hexdigest()


class Mailbox:
    """Visible messages in order, hidden ones by the time they come back, each found by its newest handle."""

    def __init__(self) -> None:
        self._visible: deque[Message] = deque()
        self._hidden: list[tuple[float, int, Message]] = []
        self._by_handle: dict[str, Message] = {}
        self._stale: set[str] = set()
        self._order = count()
        self._changed = threading.Condition()

    def send(self, message: Message, delay: float = 0) -> None:
        with self._changed:
            if delay > 0:
                message.hidden_until = time.time() + delay
                heapq.heappush(self._hidden, (message.hidden_until, next(self._order), message))
            else:
                self._visible.append(message)
            self._changed.notify_all()

    def receive(
        self, most: int, wait: float, hide: float, redrive: tuple[int, Mailbox, str] | None, gone: Callable[[], bool]
    ) -> list[Message]:
        """Up to `most` messages, waiting for the first; those received too often move to the dead letters."""
        end = time.time() + wait
        with self._changed:
            while True:
                now = time.time()
                self._surface(now)
                taken = self._take(most, now, hide, redrive)
                if taken or now >= end:
                    return taken
                due = self._hidden[0][0] if self._hidden else end
                self._changed.wait(max(0.001, min(end, due) - now))
                if gone():
                    # A poll whose client was killed must not take the message its successor waits for.
                    self._changed.notify()
                    return []

    def _surface(self, now: float) -> None:
        while self._hidden and self._hidden[0][0] <= now:
            until, _, message = heapq.heappop(self._hidden)
            # An entry is left behind when a message is deleted or its time changed; only the newest counts.
            if not message.deleted and message.hidden_until == until:
                message.hidden_until = 0.0
                self._visible.append(message)

    def _take(self, most: int, now: float, hide: float, redrive: tuple[int, Mailbox, str] | None) -> list[Message]:
        taken: list[Message] = []
        while self._visible and len(taken) < most:
            message = self._visible.popleft()
            if message.deleted:
                continue
            if redrive and message.receives >= redrive[0]:
                self._forget(message)
                message.source, message.receives, message.first_received = redrive[2], 0, None
                redrive[1].send(message)
                continue
            message.receives += 1
            message.first_received = message.first_received or now
            message.received = now
            self._forget(message)
            message.handle = secrets.token_urlsafe(48)
            self._by_handle[message.handle] = message
            self._hide(message, now + hide)
            taken.append(message)
        return taken

    def _forget(self, message: Message) -> None:
        if message.handle:
            self._by_handle.pop(message.handle, None)
            self._stale.add(message.handle)
            message.handle = None

    def _hide(self, message: Message, until: float) -> None:
        message.hidden_until = until
        heapq.heappush(self._hidden, (until, next(self._order), message))

    def delete(self, handle: str) -> None:
        """Delete by the newest handle. An older one succeeds and deletes nothing, as AWS warns."""
        with self._changed:
            message = self._by_handle.pop(handle, None)
            if message:
                message.deleted = True
                self._stale.add(handle)
            elif handle not in self._stale:
                raise _bad_handle(handle)

    def change_visibility(self, handle: str, seconds: int) -> None:
        with self._changed:
            now = time.time()
            self._surface(now)
            message = self._by_handle.get(handle)
            if message is None and handle not in self._stale:
                raise _bad_handle(handle)
            if message is None or message.hidden_until == 0.0:
                text = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or "
                raise AWSError("MessageNotInflight", text + "is not available for visibility timeout change.")
            if now + seconds - message.received > LONGEST_INVISIBLE:
                raise AWSError(
                    "InvalidParameterValue",
                    f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout "
                    f"for the message is beyond the limit [{LONGEST_INVISIBLE} seconds]",
                )
            self._hide(message, now + seconds)
            self._surface(time.time())
            self._changed.notify_all()

    def surface(self, is_stale: bool) -> None:
        """Let every message in flight come back, as if its time were over; its handle may be stale then."""
        with self._changed:
            for _, _, message in list(self._hidden):
                if message.handle and message.hidden_until:
                    message.hidden_until = 0.0
                    if is_stale:
                        self._forget(message)
                    if not message.deleted:
                        self._visible.append(message)
            self._changed.notify_all()

    def purge(self) -> None:
        with self._changed:
            self._visible.clear()
            self._hidden.clear()
            self._by_handle.clear()

    def peek(self) -> list[Message]:
        """Every message that is not deleted, the oldest first, without receiving any."""
        with self._changed:
            held = {id(m): m for m in [*self._visible, *(m for _, _, m in self._hidden)] if not m.deleted}
            return sorted(held.values(), key=lambda message: message.sent)

    def counts(self) -> tuple[int, int, int]:
        """How many messages are visible, in flight and delayed."""
        with self._changed:
            self._surface(time.time())
            held = [m for until, _, m in self._hidden if not m.deleted and m.hidden_until == until]
            in_flight = sum(1 for m in held if m.handle)
            return sum(1 for m in self._visible if not m.deleted), in_flight, len(held) - in_flight


def _bad_handle(handle: str) -> AWSError:
    return AWSError(
        "ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.', 404
    )
