"""What one account holds in one region of SageMaker, and how its lists are paged."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .wire import invalid

if TYPE_CHECKING:
    from .endpoints import Endpoint
    from .registry import Group, Package

NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


@dataclass
class Model:
    name: str
    arn: str
    created: float
    asked: dict[str, Any]


@dataclass
class Config:
    name: str
    arn: str
    created: float
    asked: dict[str, Any]

    @property
    def variants(self) -> list[dict[str, Any]]:
        return self.asked["ProductionVariants"]


@dataclass
class Holdings:
    """Names are compared in lower case, as AWS does when it creates; everything is under one lock."""

    account: str
    region: str
    lock: threading.RLock = field(default_factory=threading.RLock)
    groups: dict[str, Group] = field(default_factory=dict)
    packages: dict[str, Package] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    configs: dict[str, Config] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    _last: float = 0.0

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:sagemaker:{self.region}:{self.account}:{kind}/{name.lower()}"

    def now(self) -> float:
        """The time in milliseconds, and never the same twice, so that later changes are later."""
        with self.lock:
            self._last = max(round(time.time(), 3), round(self._last + 0.001, 3))
            return self._last


class Sagemaker:
    """Every account's holdings, made when first asked for."""

    def __init__(self, update_seconds: float) -> None:
        self.update_seconds = update_seconds
        self._all: dict[tuple[str, str], Holdings] = {}
        self._lock = threading.Lock()

    def of(self, account: str, region: str) -> Holdings:
        with self._lock:
            key = (account, region)
            if key not in self._all:
                self._all[key] = Holdings(account, region)
            return self._all[key]

    def by_arn(self, arn: str) -> Holdings:
        parts = arn.split(":")
        if len(parts) != 6 or not parts[4]:
            raise invalid(f"Invalid ARN: {arn}")
        return self.of(parts[4], parts[3])

    def regions(self, account: str) -> list[Holdings]:
        with self._lock:
            return [held for (owner, _), held in self._all.items() if owner == account]


def check_name(value: Any, what: str) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise invalid(
            f"1 validation error detected: Value '{value}' at '{what}' failed to satisfy constraint: Member must "
            r"satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
        )
    return value


def read_tags(asked: dict[str, Any]) -> dict[str, str]:
    tags = asked.get("Tags") or []
    if len(tags) > 50:
        raise invalid("1 validation error detected: Member must have length less than or equal to 50")
    return {tag["Key"]: tag["Value"] for tag in tags}


def page(
    items: list[Any], asked: dict[str, Any], keys: dict[str, Callable[[Any], Any]], order: str = "Descending"
) -> tuple[list[Any], str | None]:
    """One page in the order asked for. The token holds the last item's place, so changes skip nothing.

    Unasked, the registry lists the oldest first (`order`), everything else the newest.
    """
    sort_by = asked.get("SortBy", "CreationTime")
    key = keys.get(sort_by)
    if key is None:
        raise invalid(f"1 validation error detected: Value '{sort_by}' at 'sortBy' failed to satisfy constraint")
    descending = asked.get("SortOrder", order) == "Descending"
    most = asked.get("MaxResults", 10)
    if not 1 <= most <= 100:
        raise invalid(f"1 validation error detected: Value '{most}' at 'maxResults' failed to satisfy constraint")
    placed = [((key(item), keys["Name"](item)), item) for item in items]
    placed.sort(key=lambda pair: pair[0], reverse=descending)
    if asked.get("NextToken"):
        after = _place(asked["NextToken"])
        placed = [p for p in placed if (p[0] < after if descending else p[0] > after)]
    taken = placed[:most]
    more = len(placed) > most
    token = base64.b64encode(json.dumps(taken[-1][0]).encode()).decode() if more else None
    return [item for _, item in taken], token


def _place(token: str) -> tuple[Any, Any]:
    try:
        value, name = json.loads(base64.b64decode(token))
        return value, name
    except ValueError:
        raise invalid("Invalid pagination token.") from None
