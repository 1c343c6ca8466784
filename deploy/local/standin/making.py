"""What a resource of CloudFormation's is made of and made with, whatever its type."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import api
from .alarms import Alarms
from .policy import lacks
from .sagemaker import Service
from .template import invalid


@dataclass
class Place:
    """Where a stack makes its resources, and what with."""

    account: str
    region: str
    stack: str
    base_url: str
    sagemaker: Service
    alarms: Alarms

    def call(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        """What an operation of AWS's own API answers with here."""
        return api.call(self.account, self.region, service, operation, asked)

    def name(self, logical: str) -> str:
        """The name of a resource that was given none."""
        return f"{self.stack}-{logical}-{secrets.token_hex(6)}"


@dataclass
class Made:
    """A resource that was made: what Ref and Fn::GetAtt give, and how it is taken away again."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)
    undo: Callable[[], Any] = lambda: None


class Properties:
    """A resource's properties, each of which has to be asked for, so that none is ignored."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._left = dict(values)

    def take(self, name: str, default: Any = None) -> Any:
        return self._left.pop(name, default)

    def need(self, name: str) -> Any:
        if name not in self._left:
            raise invalid(f"Properties validation failed: required key [{name}] not found")
        return self._left.pop(name)

    def tags(self) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self.take("Tags", [])}

    def rest(self) -> dict[str, Any]:
        """All that is left, for what keeps its properties as they are."""
        left, self._left = self._left, {}
        return left

    def check(self, kind: str) -> None:
        if self._left:
            raise lacks(f"does not know these properties of {kind}: {', '.join(sorted(self._left))}")


def as_text(document: Any) -> str:
    """A policy as the services keep it; a template may write it as a text already."""
    return document if isinstance(document, str) else json.dumps(document)
