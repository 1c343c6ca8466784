"""Service Quotas' numbers for SageMaker, which moto does not know: as many as a test says, else plenty."""

from __future__ import annotations

import threading
from typing import Any

from .identity import Caller
from .wire import AWSError, Reply, Request, json_reply

PLENTY = 20.0
INSTANCES = ("ml.t2.medium", "ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.large", "ml.g4dn.xlarge")

_lock = threading.Lock()
_values: dict[tuple[str, str, str], float] = {}


def put(asked: dict[str, Any]) -> dict[str, Any]:
    """Set a quota of an account by its name, such as `ml.m5.large for endpoint usage`."""
    with _lock:
        _values[asked["account"], asked.get("region", "eu-west-1"), asked["name"]] = float(asked["value"])
    return {}


def answer(request: Request, caller: Caller, operation: str) -> Reply | None:
    if operation != "ListServiceQuotas":
        return None
    if request.json.get("ServiceCode") != "sagemaker":
        raise AWSError("NoSuchResourceException", "The specified resource does not exist.", 400)
    named = {f"{instance} for endpoint usage": PLENTY for instance in INSTANCES}
    with _lock:
        for (account, region, name), value in _values.items():
            if (account, region) == (caller.account, request.region):
                named[name] = value
    quotas = [{"ServiceCode": "sagemaker", "QuotaName": n, "Value": v, "Unit": "None"} for n, v in named.items()]
    # Two pages, since AWS has thousands of them.
    first = request.json.get("NextToken") is None
    page = quotas[:4] if first else quotas[4:]
    return json_reply({"Quotas": page, **({"NextToken": "rest"} if first else {})})
