"""The part of IAM's policy language that trust, bucket and group policies here are written in."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

from .identity import Caller


def allows(policy: str | bytes | None, caller: Caller, action: str, resource: str, context: dict[str, str]) -> bool:
    """Whether a resource's policy lets this caller do this; an explicit Deny wins over any Allow."""
    try:
        statements = json.loads(policy or "{}").get("Statement", [])
    except ValueError:
        return False
    allowed = False
    facts = {"aws:PrincipalArn": caller.principal_arn, "aws:PrincipalAccount": caller.account, **context}
    for statement in _list(statements):
        if not _applies(statement, caller, action, resource, facts):
            continue
        if statement.get("Effect") == "Deny":
            return False
        allowed = allowed or statement.get("Effect") == "Allow"
    return allowed


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _applies(statement: dict[str, Any], caller: Caller, action: str, resource: str, facts: dict[str, str]) -> bool:
    return (
        _names(statement.get("Principal"), caller)
        and any(fnmatchcase(action.lower(), a.lower()) for a in _list(statement.get("Action", [])))
        and any(fnmatchcase(resource, r) for r in _list(statement.get("Resource", "*")))
        and _conditions(statement.get("Condition", {}), facts)
    )


def _names(principal: Any, caller: Caller) -> bool:
    if principal == "*":
        return True
    named = _list(principal.get("AWS", [])) if isinstance(principal, dict) else []
    whole_account = (caller.account, f"arn:aws:iam::{caller.account}:root")
    return any(p == "*" or p in (caller.arn, caller.principal_arn) or p in whole_account for p in named)


def _conditions(conditions: dict[str, dict[str, Any]], facts: dict[str, str]) -> bool:
    """Every condition must hold; an operator that is not known here does not hold."""
    known = {key.lower(): value for key, value in facts.items()}
    for operator, tests in conditions.items():
        for key, wanted in tests.items():
            actual = known.get(key.lower())
            if operator in ("StringEquals", "ArnEquals"):
                held = actual in _list(wanted)
            elif operator in ("StringLike", "ArnLike"):
                held = actual is not None and any(fnmatchcase(actual, w) for w in _list(wanted))
            elif operator == "StringNotEquals":
                held = actual not in _list(wanted)
            else:
                held = False
            if not held:
                return False
    return True
