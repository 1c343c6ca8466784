"""S3's conditions and owners, which moto accepts without looking; the objects themselves stay moto's."""

from __future__ import annotations

import base64
import hashlib
import threading
import zlib
from contextlib import AbstractContextManager, nullcontext
from xml.sax.saxutils import escape

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from . import actions, authority, objects, parts, policy
from .identity import Caller
from .wire import AWSError, Reply, Request

PARTS = ("UploadPart", "UploadPartCopy", "ListParts", "CompleteMultipartUpload", "AbortMultipartUpload")
SUBRESOURCES = ("policy", "versioning", "tagging", "location", "lifecycle", "encryption", "acl", "attributes", "cors")

# A condition on the destination must be looked at and acted on as one; a few locks serve all keys.
_locks = [threading.RLock() for _ in range(64)]


def follow_moto() -> None:
    """Keep moto from judging by buckets' policies itself: it looks neither at principals nor at most conditions."""
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL  # type: ignore[method-assign]


def operation(request: Request) -> str:
    bucket, key = place(request)
    method, query = request.method, request.query
    copies = "x-amz-copy-source" in request.headers
    if not bucket:
        return "ListBuckets"
    for name in SUBRESOURCES:
        if name in query:
            verb = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}.get(method, method.title())
            return f"{verb}{'Object' if key else 'Bucket'}{name.title()}"
    if not key:
        if method == "GET":
            lists = "ListMultipartUploads" if "uploads" in query else "ListObjects"
            return "ListObjectsV2" if query.get("list-type") == "2" else lists
        named = {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket", "POST": "DeleteObjects"}
        return named.get(method, method)
    if method == "POST":
        return "CreateMultipartUpload" if "uploads" in query else "CompleteMultipartUpload"
    if "uploadId" in query:
        part = "UploadPartCopy" if copies else "UploadPart"
        return {"PUT": part, "DELETE": "AbortMultipartUpload", "GET": "ListParts"}.get(method, method)
    if method == "PUT":
        return "CopyObject" if copies else "PutObject"
    return {"GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}.get(method, method)


def place(request: Request) -> tuple[str, str]:
    """The bucket and key of a path-style request."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    return bucket, key


def guard(request: Request, caller: Caller, name: str) -> AbstractContextManager[object]:
    """Refuse what S3 would refuse; what comes back is held while moto performs the operation."""
    bucket, key = place(request)
    _check_owner(request.headers.get("x-amz-expected-bucket-owner"), bucket)
    if name != "CreateBucket":
        _check_access(caller, bucket, key, actions.s3_action(name))
    if name == "DeleteObjects":
        _check_content(request)
    if name in PARTS:
        upload = parts.upload_of(bucket, key, request.query.get("uploadId", ""))
        if upload is not None and name == "CompleteMultipartUpload":
            parts.check(request, upload)
    if "x-amz-copy-source" in request.headers:
        _check_source(request, caller)
    if name not in ("CopyObject", "CompleteMultipartUpload") or "if-none-match" not in request.headers:
        return nullcontext()
    lock = _locks[hash((bucket, key)) % len(_locks)]
    lock.acquire()
    if objects.get(bucket, key) is not None:
        lock.release()
        raise _failed("If-None-Match")
    return _Held(lock)


class _Held(AbstractContextManager["_Held"]):
    def __init__(self, lock: threading.RLock) -> None:  # type: ignore[valid-type]
        self._lock = lock

    def __exit__(self, *_: object) -> None:
        self._lock.release()  # type: ignore[attr-defined]


def _check_owner(expected: str | None, bucket: str) -> None:
    owner = objects.owner(bucket)
    if expected is not None and owner is not None and expected != owner:
        raise AWSError("AccessDenied", "Access Denied", 403)


def _check_access(caller: Caller, bucket: str, key: str, action: str) -> None:
    """The owner's own account may; anybody else only as the bucket's policy says."""
    held = objects.bucket_of(bucket)
    if held is None or held.account_id == caller.account:
        return
    resource = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    if not policy.allows(held.policy, caller, action, resource, {}):
        raise AWSError("AccessDenied", "Access Denied", 403)


def _check_content(request: Request) -> None:
    """S3 deletes many objects only where the list of them carries a checksum, and a right one."""
    headers = request.headers
    known = {
        "content-md5": hashlib.md5(request.body).digest(),
        "x-amz-checksum-sha256": hashlib.sha256(request.body).digest(),
        "x-amz-checksum-crc32": zlib.crc32(request.body).to_bytes(4, "big"),
    }
    given = [name for name in known if name in headers]
    if not given:
        raise AWSError("InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
    for name in given:
        if base64.b64encode(known[name]).decode() != headers[name]:
            raise AWSError("BadDigest", f"The {name} you specified did not match the calculated checksum.")


def _check_source(request: Request, caller: Caller) -> None:
    bucket, key, version = objects.copied(request.headers["x-amz-copy-source"])
    _check_owner(request.headers.get("x-amz-source-expected-bucket-owner"), bucket)
    _check_access(caller, bucket, key, "s3:GetObject" if version is None else "s3:GetObjectVersion")
    source = objects.get(bucket, key, version)
    if source is None:
        return
    wanted = request.headers.get("x-amz-copy-source-if-match")
    if wanted is not None and wanted.strip('"') not in (source.etag.strip('"'), "*"):
        raise _failed("x-amz-copy-source-If-Match")
    unwanted = request.headers.get("x-amz-copy-source-if-none-match")
    if unwanted is not None and unwanted.strip('"') == source.etag.strip('"'):
        raise _failed("x-amz-copy-source-If-None-Match")
    if "uploadId" not in request.query and source.size > parts.LARGEST:
        raise AWSError(
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a copy source: "
            f"{parts.LARGEST}",
        )
    if "uploadId" not in request.query and objects.zeros(source):
        raise AWSError("StandInLacks", "The local stand-in copies a padded object in parts only.", 501)
    last = request.headers.get("x-amz-copy-source-range", "").rpartition("-")[2]
    if last.isdigit() and int(last) >= source.size:
        raise AWSError("InvalidArgument", f"Range specified is not valid for source object of size: {source.size}")


def _failed(condition: str) -> AWSError:
    text = "At least one of the pre-conditions you specified did not hold"
    return AWSError("PreconditionFailed", text, 412, {"Condition": condition})


def finish(request: Request, reply: Reply, name: str) -> Reply:
    """Take out of a reply what S3 does not send, and add what moto leaves out."""
    for header in ("checksum", "x-amz-content-sha256", "access-control-allow-origin"):
        reply.headers.pop(header, None)
    reply.headers["x-amz-request-id"] = reply.headers.pop("x-amzn-requestid", "local")
    if not reply.body and request.method != "HEAD":
        reply.headers.pop("content-type", None)
    if reply.status == 200:
        parts.finish(request, reply, *place(request), name)
    return reply


def answer(request: Request, caller: Caller, name: str) -> Reply | None:
    """What the stand-in answers itself."""
    if name == "DeleteObjects":
        return _refuse_keys(request, caller)
    return parts.answer(request, *place(request), name)


def _refuse_keys(request: Request, caller: Caller) -> Reply | None:
    """Say of each key that it may not be deleted, within a reply that is a 200."""
    denied = authority.denied_keys(request, caller)
    if not denied:
        return None
    if len(denied) < len(actions.s3_deleted(request)):
        raise AWSError("StandInLacks", "The local stand-in deletes all the keys of a request or none.", 501)
    shown = "".join(
        f"<Error><Key>{escape(key)}</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        for key in denied
    )
    body = f"{parts.HEAD}<DeleteResult {parts.SPACE}>{shown}</DeleteResult>"
    return Reply(200, {"content-type": "application/xml"}, body.encode())
