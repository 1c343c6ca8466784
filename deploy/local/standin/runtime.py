"""InvokeEndpoint: the live fleet answers, in the caller's own account, or says why not."""

from __future__ import annotations

import json
import re
import uuid
from collections import deque
from typing import Any

from .endpoints import Endpoint, Endpoints
from .identity import Caller
from .models import Unreadable, as_csv
from .store import Sagemaker
from .wire import AWSError, Reply, Request

PATH = re.compile(r"/endpoints/([^/]+)/invocations")
LARGEST_BODY = 6_291_456
KEPT = 50_000


class Runtime:
    def __init__(self, sagemaker: Sagemaker, endpoints: Endpoints) -> None:
        self._sagemaker = sagemaker
        self._endpoints = endpoints
        # By account, endpoint and target model: how long it is not ready in each fleet.
        self._loading: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._asked: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def slow_down(self, account: str, endpoint: str, target: str, order: dict[str, Any]) -> None:
        """Let a target model be loading for a while in every fleet to come."""
        self._loading[account, endpoint, target] = order

    def asked(self, account: str, endpoint: str, target: str | None) -> list[dict[str, Any]]:
        """What an endpoint was asked, in order."""
        about = [a for a in list(self._asked) if (a["account"], a["endpoint"]) == (account, endpoint)]
        return [a for a in about if target in (None, a["target"])]

    def invoke(self, request: Request, caller: Caller) -> Reply:
        match = PATH.fullmatch(request.path)
        name = match[1] if match else ""
        if len(request.body) > LARGEST_BODY:
            raise AWSError("ValidationError", f"Payload must be at most {LARGEST_BODY} bytes.", 413)
        held = self._sagemaker.of(caller.account, request.region)
        try:
            endpoint = self._endpoints.find(held, name)
        except AWSError:
            endpoint = None
        if endpoint is None or endpoint.name != name or endpoint.fleet is None:
            raise AWSError("ValidationError", f"Endpoint {name} of account {caller.account} not found.")
        variant = (
            request.headers.get("x-amzn-sagemaker-target-variant") or endpoint.fleet.config.variants[0]["VariantName"]
        )
        target = _target(endpoint, variant, request.headers.get("x-amzn-sagemaker-target-model"))
        content_type = request.headers.get("content-type", "application/octet-stream")
        accept = request.headers.get("accept", "*/*")
        self._asked.append(
            {
                "account": caller.account,
                "endpoint": endpoint.name,
                "target": target or "",
                "contentType": content_type,
                "accept": accept,
                "body": request.body.decode(errors="replace"),
            }
        )
        order = self._loading.get((caller.account, endpoint.name, target or ""))
        if order and endpoint.fleet.is_loading(variant, target, order):
            text = f"Model for endpoint {endpoint.name} variant {variant} is not ready for inference yet."
            raise AWSError("ModelNotReadyException", text, 429)
        try:
            answer = endpoint.fleet.model(variant, target).predict(content_type, request.body)
        except Unreadable as error:
            raise _model_error(endpoint, variant, error) from None
        in_csv = accept.partition(",")[0].partition(";")[0].strip().lower() == "text/csv"
        headers = {
            "content-type": "text/csv" if in_csv else "application/json",
            "x-amzn-invoked-production-variant": variant,
            "x-amzn-requestid": str(uuid.uuid4()),
        }
        return Reply(200, headers, as_csv(answer) if in_csv else json.dumps(answer).encode())


def _target(endpoint: Endpoint, variant: str, target: str | None) -> str | None:
    assert endpoint.fleet is not None
    if variant not in {v["VariantName"] for v in endpoint.fleet.config.variants}:
        raise AWSError("ValidationError", f"Variant {variant} of endpoint {endpoint.name} not found.")
    many = endpoint.fleet.multi_model(variant)
    if target and not many:
        text = f"Endpoint {endpoint.name} is not a multi-model endpoint and does not support target model header."
        raise AWSError("ValidationError", text)
    if many and not target:
        text = f"Endpoint {endpoint.name} is a multi-model endpoint and requires a target model header."
        raise AWSError("ValidationError", text)
    return target


def _model_error(endpoint: Endpoint, variant: str, error: Unreadable) -> AWSError:
    held = endpoint.held
    side = "client" if error.status < 500 else "server"
    logs = f"arn:aws:logs:{held.region}:{held.account}:log-group:/aws/sagemaker/Endpoints/{endpoint.name}"
    original = json.dumps({"error": str(error), "variant": variant})
    more: dict[str, Any] = {
        "OriginalStatusCode": error.status,
        "OriginalMessage": original,
        "LogStreamArn": logs,
        "ErrorCode": f"{side.upper()}_ERROR_FROM_MODEL",
    }
    text = f'Received {side} error ({error.status}) from primary with message "{original}".'
    return AWSError("ModelError", text, 424, more)
