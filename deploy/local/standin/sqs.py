"""SQS's message operations on the queues moto keeps: any account's by its URL, each sender by its own id.

Queue policies are not evaluated, and a FIFO queue is treated as a standard one that happens to keep order.
"""

from __future__ import annotations

import re
import threading
from typing import Any
from urllib.parse import urlparse

from moto.sqs.models import Queue, SQSBackend, sqs_backends

from .identity import Caller
from .mailbox import LONGEST_INVISIBLE, Mailbox, Message
from .wire import AWSError, Reply, Request, json_reply

# EventBridge rules without a role of their own have been seen to send as this user.
EVENTBRIDGE_SENDER = "AIDAJXNJGGKNS7OSV23OI"
LARGEST_MESSAGE = 1_048_576
FORBIDDEN = re.compile("[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Moto sets a queue's attributes by name, so that their types cannot be told.
AnyQueue = Any

_attach = threading.Lock()


def mailbox(queue: AnyQueue) -> Mailbox:
    box = getattr(queue, "mailbox", None)
    if box is None:
        with _attach:
            box = getattr(queue, "mailbox", None)
            if box is None:
                box = queue.mailbox = Mailbox()
    return box


def find(url: str, region: str) -> AnyQueue:
    """The queue a QueueUrl names, in the account the URL names, whoever asks."""
    parts = urlparse(url).path.strip("/").split("/")
    if len(parts) == 2 and parts[0] in sqs_backends and parts[1] in sqs_backends[parts[0]][region].queues:
        return sqs_backends[parts[0]][region].queues[parts[1]]
    raise AWSError("QueueDoesNotExist", "The specified queue does not exist.")


def deliver(queue_arn: str, body: str, sender: str = EVENTBRIDGE_SENDER) -> bool:
    """Put a message into the queue with this ARN, if there is one."""
    _, _, _, region, account, name = queue_arn.split(":", 5)
    queue: AnyQueue = sqs_backends[account][region].queues.get(name) if account in sqs_backends else None
    if queue is None:
        return False
    mailbox(queue).send(Message(body, sender), queue.delay_seconds)
    return True


def follow_moto() -> None:
    """Let what moto itself sends, and the counts it shows, go through the mailboxes."""

    def send_message(backend: SQSBackend, queue_name: str, message_body: str, *_: Any, **__: Any) -> Message:
        message = Message(message_body, EVENTBRIDGE_SENDER)
        mailbox(backend.get_queue(queue_name)).send(message)
        return message

    SQSBackend.send_message = send_message  # type: ignore[method-assign,assignment]
    for index, name in enumerate(("messages", "messages_not_visible", "messages_delayed")):
        setattr(Queue, f"approximate_number_of_{name}", _count(index))


def _count(index: int) -> property:
    return property(lambda queue: mailbox(queue).counts()[index])


def answer(request: Request, caller: Caller, operation: str) -> Reply | None:
    """The reply to an operation on messages; what concerns the queues themselves stays moto's."""
    perform = OPERATIONS.get(operation)
    if perform is None:
        return None
    asked = {**request.json, "gone": request.gone, "entryError": request.entry_error}
    queue = find(asked.get("QueueUrl", ""), request.region)
    return json_reply(perform(queue, asked, caller), "1.0")


def _send(queue: AnyQueue, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
    body = asked.get("MessageBody", "")
    _check_size(len(body.encode()), queue.maximum_message_size)
    if not body:
        raise AWSError("MissingParameter", "The request must contain the parameter MessageBody.")
    if FORBIDDEN.search(body):
        raise AWSError("InvalidMessageContents", "The message contains characters outside the allowed set.")
    delay = asked.get("DelaySeconds", queue.delay_seconds)
    if not 0 <= delay <= 900:
        raise AWSError(
            "InvalidParameterValue",
            f"Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
        )
    message = Message(body, caller.user_id, asked.get("MessageAttributes") or {})
    mailbox(queue).send(message, delay)
    sent = {"MessageId": message.id, "MD5OfMessageBody": message.md5}
    if message.attributes:
        sent["MD5OfMessageAttributes"] = _attributes_md5(message.attributes)
    return sent


def _check_size(size: int, most: int) -> None:
    if size > most:
        text = f"One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
        raise AWSError("InvalidParameterValue", text)


def _attributes_md5(attributes: dict[str, Any]) -> str:
    from moto.sqs.models import Message as MotoMessage

    shaped = MotoMessage("", "")
    shaped.message_attributes = attributes
    return shaped.attribute_md5


def _receive(queue: AnyQueue, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
    most = asked.get("MaxNumberOfMessages", 1)
    wait = asked.get("WaitTimeSeconds", queue.receive_message_wait_time_seconds)
    hide = asked.get("VisibilityTimeout", queue.visibility_timeout)
    for name, value, low, high in (
        ("MaxNumberOfMessages", most, 1, 10),
        ("WaitTimeSeconds", wait, 0, 20),
        ("VisibilityTimeout", hide, 0, LONGEST_INVISIBLE),
    ):
        if not low <= value <= high:
            text = (
                f"Value {value} for parameter {name} is invalid. Reason: Must be between {low} and {high}, if provided."
            )
            raise AWSError("InvalidParameterValue", text)
    redrive = None
    if queue.dead_letter_queue is not None and queue.redrive_policy:
        limit = queue.redrive_policy["maxReceiveCount"]
        redrive = (limit, mailbox(queue.dead_letter_queue), queue.queue_arn)
    messages = mailbox(queue).receive(most, wait, hide, redrive, asked["gone"])
    wanted = set(asked.get("MessageSystemAttributeNames", [])) | set(asked.get("AttributeNames", []))
    named = asked.get("MessageAttributeNames", [])
    return {"Messages": [_shown(message, wanted, named) for message in messages]} if messages else {}


def _shown(message: Message, wanted: set[str], named: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": message.handle,
        "MD5OfBody": message.md5,
        "Body": message.body,
    }
    system = {
        "SenderId": message.sender,
        "SentTimestamp": str(int(message.sent * 1000)),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": str(int((message.first_received or 0) * 1000)),
    }
    if message.source:
        system["DeadLetterQueueSourceArn"] = message.source
    attributes = {name: value for name, value in system.items() if name in wanted or "All" in wanted}
    if attributes:
        shown["Attributes"] = attributes
    custom = {
        name: value
        for name, value in message.attributes.items()
        if any(n in ("All", ".*", name) or (n.endswith(".*") and name.startswith(n[:-2])) for n in named)
    }
    if custom:
        shown["MessageAttributes"] = custom
        shown["MD5OfMessageAttributes"] = _attributes_md5(custom)
    return shown


def _delete(queue: AnyQueue, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
    mailbox(queue).delete(asked.get("ReceiptHandle", ""))
    return {}


def _change_visibility(queue: AnyQueue, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
    seconds = asked.get("VisibilityTimeout", -1)
    if not 0 <= seconds <= LONGEST_INVISIBLE:
        text = f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200."
        raise AWSError("InvalidParameterValue", text)
    mailbox(queue).change_visibility(asked.get("ReceiptHandle", ""), seconds)
    return {}


def _purge(queue: AnyQueue, _: dict[str, Any], __: Caller) -> dict[str, Any]:
    mailbox(queue).purge()
    return {}


def _batch(each: Any) -> Any:
    """The batch form of an operation: every entry succeeds or fails by itself, and the reply is 200."""

    def perform(queue: AnyQueue, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        entries = asked.get("Entries", [])
        ids = [entry.get("Id", "") for entry in entries]
        if not entries:
            raise AWSError(
                "EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request."
            )
        if len(entries) > 10:
            text = f"Maximum number of entries per request are 10. You have sent {len(entries)}."
            raise AWSError("TooManyEntriesInBatchRequest", text)
        for entry_id in ids:
            if ids.count(entry_id) > 1:
                raise AWSError("BatchEntryIdsNotDistinct", f"Id {entry_id} repeated.")
        total = sum(len(entry.get("MessageBody", "").encode()) for entry in entries)
        if total > LARGEST_MESSAGE:
            text = f"Batch requests cannot be longer than {LARGEST_MESSAGE} bytes. You have sent {total} bytes."
            raise AWSError("BatchRequestTooLong", text)
        done: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for entry in entries:
            try:
                if asked["entryError"] and entry is entries[0]:
                    raise asked["entryError"]
                done.append({"Id": entry.get("Id"), **each(queue, entry, caller)})
            except AWSError as error:
                failed.append(
                    {"Id": entry.get("Id"), "SenderFault": True, "Code": error.code, "Message": error.message}
                )
        return {"Successful": done, "Failed": failed} if failed else {"Successful": done}

    return perform


OPERATIONS: dict[str, Any] = {
    "SendMessage": _send,
    "SendMessageBatch": _batch(_send),
    "ReceiveMessage": _receive,
    "DeleteMessage": _delete,
    "DeleteMessageBatch": _batch(_delete),
    "ChangeMessageVisibility": _change_visibility,
    "ChangeMessageVisibilityBatch": _batch(_change_visibility),
    "PurgeQueue": _purge,
}
