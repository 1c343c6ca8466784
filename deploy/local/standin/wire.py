"""What arrives and what goes out: requests, replies, and AWS's errors in each protocol's own shape."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape


@dataclass
class Request:
    """One HTTP request, read whole; header names are in lower case. `gone` tells whether its sender left.

    `shut_door` has the door that it came through cut its connections and refuse others.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    service: str = ""
    region: str = ""
    access_key: str = ""
    gone: Callable[[], bool] = lambda: False
    shut_door: Callable[[], None] = lambda: None
    # What the first entry of a batch is to fail with.
    entry_error: AWSError | None = None
    # Whether what was asked for was done, whatever the sender hears of it.
    done: bool = False
    _json: dict[str, Any] | None = None

    @property
    def raw_path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    @property
    def raw_query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def json(self) -> dict[str, Any]:
        if self._json is None:
            try:
                value = json.loads(self.body or b"{}")
            except ValueError:
                raise AWSError("SerializationException", "The request body is not JSON.") from None
            if not isinstance(value, dict):
                raise AWSError("SerializationException", "The request body is not a JSON object.")
            self._json = value
        return self._json

    @property
    def protocol(self) -> str:
        """How this request's service speaks: json, s3, rest-json or query."""
        if "x-amz-target" in self.headers:
            return "json"
        if self.service == "s3":
            return "s3"
        if self.service == "sagemaker" or "json" in self.headers.get("content-type", ""):
            return "rest-json"
        return "query"


@dataclass
class Reply:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    # Half of the body is sent, and the connection breaks.
    torn: bool = False
    # How far the clock is off that the Date is taken from.
    clock: float = 0


class AWSError(Exception):
    """An error with AWS's own code and text; the wire shape is decided by the request's protocol."""

    def __init__(self, code: str, message: str, status: int = 400, more: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.more = more or {}


def invalid(message: str) -> AWSError:
    """SageMaker tells almost every refusal apart by its text alone."""
    return AWSError("ValidationException", message)


def json_reply(value: Any, version: str = "1.1", status: int = 200) -> Reply:
    headers = {"content-type": f"application/x-amz-json-{version}", "x-amzn-requestid": str(uuid.uuid4())}
    return Reply(status, headers, json.dumps(value).encode())


# SQS still answers with its older names beside the modelled ones, and SDKs prefer the older.
SQS_LEGACY_CODES = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
    "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    "BatchRequestTooLong": "AWS.SimpleQueueService.BatchRequestTooLong",
    "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
    "UnrecognizedClientException": "InvalidClientTokenId",
}


def error_reply(request: Request, error: AWSError) -> Reply:
    request_id = str(uuid.uuid4())
    protocol = request.protocol
    if protocol == "json":
        return _json_error(request, error, request_id)
    if protocol == "rest-json":
        headers = {
            "content-type": "application/json",
            "x-amzn-requestid": request_id,
            "x-amzn-errortype": error.code,
        }
        return Reply(error.status, headers, json.dumps({"message": error.message, **error.more}).encode())
    if protocol == "s3":
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
            f"{''.join(f'<{k}>{escape(str(v))}</{k}>' for k, v in error.more.items())}"
            f"<RequestId>{request_id}</RequestId><HostId>local</HostId></Error>"
        )
        return Reply(error.status, {"content-type": "application/xml", "x-amz-request-id": request_id}, body.encode())
    fault = "Sender" if error.status < 500 else "Receiver"
    body = (
        f"<ErrorResponse><Error><Type>{fault}</Type><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(error.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Reply(error.status, {"content-type": "text/xml", "x-amzn-requestid": request_id}, body.encode())


def _json_error(request: Request, error: AWSError, request_id: str) -> Reply:
    version = "1.0" if request.service in ("sqs", "monitoring") else "1.1"
    kind, key = error.code, "message"
    headers = {"content-type": f"application/x-amz-json-{version}", "x-amzn-requestid": request_id}
    if request.service == "sqs":
        kind = f"com.amazonaws.sqs#{error.code}"
        fault = "Sender" if error.status < 500 else "Receiver"
        headers["x-amzn-query-error"] = f"{SQS_LEGACY_CODES.get(error.code, error.code)};{fault}"
    elif error.code in ("AccessDeniedException", "ResourceNotFound", "ResourceLimitExceeded", "ConflictException"):
        key = "Message"
    body = {"__type": kind, key: error.message, **error.more}
    return Reply(error.status, headers, json.dumps(body).encode())
