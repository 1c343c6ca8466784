"""Which KMS key an object is or will be encrypted with; S3's own keys ask nobody for a permission."""

from __future__ import annotations

from typing import Any

from . import objects
from .wire import Request

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


def _default(bucket: Any) -> str | None:
    if not bucket.encryption:
        return None
    rule = bucket.encryption["Rule"].get("ApplyServerSideEncryptionByDefault", {})
    return rule.get("KMSMasterKeyID") if rule.get("SSEAlgorithm") == "aws:kms" else None
