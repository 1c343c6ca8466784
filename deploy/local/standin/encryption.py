"""Which KMS key an object, a queue, a secret or an endpoint's volumes are encrypted with.

AWS's own keys ask nobody's leave.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.secretsmanager.models import secretsmanager_backends
from moto.sqs.models import sqs_backends

from . import objects
from .wire import Request

# SageMaker's own affair: the key of an endpoint configuration by its account, region and name.
of_volumes: Callable[[str, str, str], str | None]

SCHEME, KEY = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"


def of_object(found: Any) -> str | None:
    """The ARN of the key that an object is encrypted with."""
    return found.kms_key_id if found.encryption == "aws:kms" else None


def of_write(bucket: str, key: str, request: Request) -> str | None:
    """The ARN of the key for what a request writes: its own, that of its upload, or the bucket's default."""
    held = objects.bucket_of(bucket)
    if held is None:
        return None
    upload = held.multiparts.get(request.query.get("uploadId", ""))
    if upload is not None:
        return upload.kms_key_id if upload.sse_encryption == "aws:kms" else _default(held)
    if SCHEME in request.headers:
        return request.headers.get(KEY) if request.headers[SCHEME] == "aws:kms" else None
    return _default(held)


def of_queue(arn: str) -> str | None:
    """The ARN of a queue's key."""
    _, _, _, region, account, name = arn.split(":", 5)
    queue = sqs_backends[account][region].queues.get(name) if account in sqs_backends else None
    return queue.kms_master_key_id if queue else None


def of_secret(arn: str) -> str | None:
    """The ARN of a secret's key."""
    _, _, _, region, account, _ = arn.split(":", 5)
    found = secretsmanager_backends[account][region].secrets.get(arn) if account in secretsmanager_backends else None
    return found.kms_key_id if found else None


def _default(bucket: Any) -> str | None:
    if not bucket.encryption:
        return None
    rule = bucket.encryption["Rule"].get("ApplyServerSideEncryptionByDefault", {})
    return rule.get("KMSMasterKeyID") if rule.get("SSEAlgorithm") == "aws:kms" else None
