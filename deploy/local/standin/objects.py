"""Reading and writing S3 objects from inside, as AWS's own services do with a role they were passed."""

from __future__ import annotations

import functools
import hashlib
import re
from typing import Any
from urllib.parse import parse_qs, unquote

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


def named(copy_source: str) -> FakeKey | None:
    """What the header `x-amz-copy-source` names."""
    bucket, key, version = copied(copy_source)
    return get(bucket, key, version)


def tags(copy_source: str) -> dict[str, str]:
    """The tags of the object that the header `x-amz-copy-source` names."""
    found = named(copy_source)
    return s3_backends[found.account_id]["aws"].tagger.get_tag_dict_for_resource(found.arn) if found else {}


def copied(copy_source: str) -> tuple[str, str, str | None]:
    """The bucket, key and version that the header `x-amz-copy-source` names."""
    raw, _, query = copy_source.partition("?")
    bucket, _, key = unquote(raw).lstrip("/").partition("/")
    return bucket, key, parse_qs(query).get("versionId", [None])[0]


def stretch(key: FakeKey, size: int, etag: str | None = None) -> FakeKey:
    """Let an object be as large as that, all beyond its bytes being zeros, which nobody stores."""
    key._zeros = size - len(key.value)  # type: ignore[attr-defined]
    key.contentsize = size
    key._etag = etag or hashlib.md5(key.value + str(size).encode()).hexdigest()
    return key


def padded(content: bytes, size: int, like: FakeKey) -> FakeKey:
    """A part of a padded object, in no bucket yet."""
    return stretch(FakeKey("", content, like.account_id, like.region_name), size)


def zeros(key: FakeKey) -> int:
    """How many zeros follow the bytes that are stored."""
    return getattr(key, "_zeros", 0)


def sha256(key: FakeKey) -> str:
    """The SHA-256 of the whole object in hex."""
    return _sha256(key.value, zeros(key))


@functools.lru_cache(maxsize=64)
def _sha256(content: bytes, zeros: int) -> str:
    digest = hashlib.sha256(content)
    block = bytes(min(zeros, 1 << 22))
    for _ in range(zeros // len(block) if block else 0):
        digest.update(block)
    digest.update(bytes(zeros % len(block) if block else 0))
    return digest.hexdigest()


def read(url: str) -> FakeKey | None:
    """The object at an s3:// URL, if something is there."""
    match = URL.fullmatch(url)
    return get(match[1], match[2]) if match else None


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
