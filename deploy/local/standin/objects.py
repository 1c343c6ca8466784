"""Reading and writing S3 objects from inside, as AWS's own services do with a role they were passed."""

from __future__ import annotations

import re
from typing import Any

from moto.s3.models import FakeDeleteMarker, FakeKey, s3_backends

from .wire import AWSError

URL = re.compile(r"s3://([^/]+)/(.*)", re.DOTALL)


def owner(bucket: str) -> str | None:
    found = s3_backends.bucket_accounts.get(bucket)
    return found[1] if found else None


def bucket_of(name: str) -> Any | None:
    account = owner(name)
    return s3_backends[account]["aws"].buckets.get(name) if account else None


def get(bucket: str, key: str, version: str | None = None) -> FakeKey | None:
    held = bucket_of(bucket)
    if held is None:
        return None
    if version is not None:
        return s3_backends[held.account_id]["aws"].get_object(bucket, key, version_id=version)
    found = held.keys.get(key)
    return None if found is None or isinstance(found, FakeDeleteMarker) else found


def put(bucket: str, key: str, value: bytes) -> FakeKey:
    account = owner(bucket)
    if account is None:
        raise AWSError("NoSuchBucket", f"The specified bucket does not exist: {bucket}", 404)
    return s3_backends[account]["aws"].put_object(bucket, key, value)


def read(url: str) -> tuple[str, bytes] | None:
    """The ETag and bytes at an s3:// URL, if something is there."""
    match = URL.fullmatch(url)
    found = get(match[1], match[2]) if match else None
    return (found.etag, found.value) if found else None


def etag(url: str) -> str | None:
    match = URL.fullmatch(url)
    found = get(match[1], match[2]) if match else None
    return found.etag.strip('"') if found else None


def below(url: str) -> list[tuple[str, str]]:
    """The keys below an s3:// prefix, relative to it, with their ETags."""
    match = URL.fullmatch(url)
    held = bucket_of(match[1]) if match else None
    if match is None or held is None:
        return []
    return [
        (key[len(match[2]) :], found.etag)
        for key, found in sorted(held.keys.items())
        if key.startswith(match[2]) and not isinstance(found, FakeDeleteMarker)
    ]
