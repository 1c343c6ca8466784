"""IAM's policy language, as far as the policies here are written in it: identity, trust and resource policies.

What is not known here, an operator, a condition key or an element, is an error of the stand-in's: neither a yes
nor a no would be AWS's answer.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from .identity import Caller
from .wire import AWSError

# What a policy says about a request: no, yes, or that the caller's own account may decide.
DENIED, ALLOWED, DELEGATED = "denied", "allowed", "delegated"
ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
# Keys that a request may lack; any other that is not among its facts is not known here.
OPTIONAL = {
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:principalorgid",
    "aws:resourceorgid",
    "aws:username",
    "aws:tagkeys",
    "aws:sourceidentity",
    "iam:passedtoservice",
    "iam:associatedresourcearn",
    "kms:viaservice",
    "kms:grantisforawsresource",
    "s3:prefix",
    "s3:delimiter",
    "s3:x-amz-acl",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "sagemaker:targetmodel",
    "sts:externalid",
    "sts:rolesessionname",
    "sts:sourceidentity",
    "events:source",
    "events:detail-type",
    "cloudwatch:namespace",
}
OPTIONAL_BEGINNINGS = ("aws:requesttag/", "aws:resourcetag/", "aws:principaltag/", "sagemaker:resourcetag/")
Facts = dict[str, Any]


def allows(policy: str | bytes | None, caller: Caller, action: str, resource: str, context: Facts) -> bool:
    """Whether a resource's policy lets this caller, or its whole account, do this."""
    return decide(policy, caller, action, resource, {**about(caller), **context}) in (ALLOWED, DELEGATED)


def about(caller: Caller) -> Facts:
    """What conditions may ask about whoever makes a request; AWS itself is only reached by TLS."""
    facts = {
        "aws:PrincipalArn": caller.principal_arn,
        "aws:PrincipalAccount": caller.account,
        "aws:PrincipalType": "AssumedRole" if caller.role_arn else "User",
        "aws:PrincipalIsAWSService": "false",
        "aws:userid": caller.user_id,
        "aws:SecureTransport": "true",
    }
    return facts if caller.role_arn else {**facts, "aws:username": caller.arn.rpartition("/")[2]}


def decide(
    policy: str | bytes | None, who: Caller | str | None, action: str, resource: str, facts: Facts
) -> str | None:
    """What one policy says, or nothing; an explicit Deny wins over any Allow.

    `who` is the caller whom a resource's policy must name, a service's name, or nobody for an identity policy,
    which is about whoever has it.
    """
    try:
        statements = json.loads(policy or "{}").get("Statement", [])
    except ValueError:
        return None
    known = {key.lower(): value for key, value in facts.items()}
    verdict = None
    for statement in as_list(statements):
        unknown = statement.keys() - ELEMENTS
        if unknown:
            raise lacks(f"does not know the policy element {', '.join(sorted(unknown))}")
        named = ALLOWED if who is None else _names(statement.get("Principal"), who)
        if named is None or not _applies(statement, action, resource, known):
            continue
        if statement.get("Effect") == "Deny":
            return DENIED
        verdict = named if verdict is None or named == ALLOWED else verdict
    return verdict


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def lacks(text: str) -> AWSError:
    return AWSError("StandInLacks", f"The local stand-in {text}.", 501)


def _applies(statement: dict[str, Any], action: str, resource: str, facts: Facts) -> bool:
    return (
        _covers(statement, "Action", "NotAction", action, facts, fold=True)
        and _covers(statement, "Resource", "NotResource", resource, facts)
        and all(_holds(op, key, wanted, facts) for op, key, wanted in _tests(statement.get("Condition", {})))
    )


def _covers(
    statement: dict[str, Any], positive: str, negative: str, value: str, facts: Facts, fold: bool = False
) -> bool:
    if negative in statement:
        return not any(_like(value, pattern, facts, fold) for pattern in as_list(statement[negative]))
    # A trust policy has no resource: it is about its own role.
    patterns = as_list(statement.get(positive, "*" if positive == "Resource" else []))
    return any(_like(value, pattern, facts, fold) for pattern in patterns)


def _like(value: str, pattern: str, facts: Facts, fold: bool = False) -> bool:
    return _compiled(_filled(pattern, facts), fold).fullmatch(value) is not None


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str, fold: bool) -> re.Pattern[str]:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if fold else 0))


def _filled(pattern: str, facts: Facts) -> str:
    """The pattern with its policy variables; one the request has no value for matches nothing."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name in "*?$":
            raise lacks(f"does not know the policy variable ${{{name}}}")
        found = _value(name, facts)
        return "\0" if found is None else str(found)

    return re.sub(r"\$\{([^}]+)\}", value, pattern)


def _names(principal: Any, who: Caller | str) -> str | None:
    """Whether a statement is about the caller itself or about its account, which then decides for itself."""
    if isinstance(who, str):
        named = as_list(principal.get("Service", [])) if isinstance(principal, dict) else []
        return ALLOWED if principal == "*" or who in named else None
    if principal == "*":
        return ALLOWED
    named = as_list(principal.get("AWS", [])) if isinstance(principal, dict) else []
    if any(p == "*" or p in (who.arn, who.principal_arn) for p in named):
        return ALLOWED
    whole_account = (who.account, f"arn:aws:iam::{who.account}:root")
    return DELEGATED if any(p in whole_account for p in named) else None


# Conditions.


def _tests(conditions: dict[str, dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    return [
        (operator, key, [_text(value) for value in as_list(wanted)])
        for operator, tests in conditions.items()
        for key, wanted in tests.items()
    ]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(key: str, facts: Facts) -> Any:
    name = key.lower()
    if name not in facts and name not in OPTIONAL and not name.startswith(OPTIONAL_BEGINNINGS):
        raise lacks(f"does not know the condition key {key}")
    return facts.get(name)


def _holds(operator: str, key: str, wanted: list[str], facts: Facts) -> bool:
    actual = _value(key, facts)
    quantifier, _, base = operator.rpartition(":")
    if base == "Null":
        return (actual is None) == (wanted == ["true"])
    optional = base.endswith("IfExists")
    base = base.removesuffix("IfExists")
    negated = "Not" in base
    compare = _COMPARISONS.get(base.replace("Not", ""))
    if compare is None or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise lacks(f"does not know the condition operator {operator}")
    if actual is None:
        return optional or negated or quantifier == "ForAllValues"
    if isinstance(actual, list) and not quantifier:
        raise lacks(f"needs ForAllValues or ForAnyValue with the condition key {key}")
    values = [_text(value) for value in as_list(actual)]
    held = [any(compare(value, _filled(w, facts)) for w in wanted) is not negated for value in values]
    return any(held) if quantifier == "ForAnyValue" else all(held)


def _arn_like(actual: str, wanted: str) -> bool:
    """Compare ARNs part by part: a wildcard does not reach over a colon of the first five."""
    there, pattern = actual.split(":", 5), wanted.split(":", 5)
    return len(there) == len(pattern) and all(
        _compiled(p, False).fullmatch(t) for t, p in zip(there, pattern, strict=True)
    )


_COMPARISONS = {
    "StringEquals": lambda actual, wanted: actual == wanted,
    "StringEqualsIgnoreCase": lambda actual, wanted: actual.lower() == wanted.lower(),
    "StringLike": lambda actual, wanted: _compiled(wanted, False).fullmatch(actual) is not None,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda actual, wanted: actual.lower() == wanted.lower(),
}
