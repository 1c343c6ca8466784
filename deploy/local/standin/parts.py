"""Uploads in parts as S3 treats them: checksums of each part and of all, sizes, and parts copied by range."""

from __future__ import annotations

import base64
import hashlib
import threading
from typing import Any
from xml.dom import minidom
from xml.sax.saxutils import escape

from . import objects
from .wire import AWSError, Reply, Request

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
LARGEST = 5 * 1024**3
_lock = threading.Lock()


def upload_of(bucket: str, key: str, number: str) -> Any:
    """The upload of that id to that key."""
    held = objects.bucket_of(bucket)
    found = held.multiparts.get(number) if held else None
    if held is not None and (found is None or found.key_name != key):
        text = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted "
        raise AWSError("NoSuchUpload", text + "or completed.", 404)
    return found


def uploads(bucket: str, prefix: str = "") -> list[Any]:
    """The uploads that are neither completed nor aborted."""
    held = objects.bucket_of(bucket)
    return [upload for upload in held.multiparts.values() if upload.key_name.startswith(prefix)] if held else []


def _sums(upload: Any) -> bool:
    return (upload.metadata or {}).get("x-amz-checksum-algorithm", "").upper() == "SHA256"


def _sum(part: Any) -> bytes:
    return bytes.fromhex(objects.sha256(part))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def check(request: Request, upload: Any) -> None:
    """Refuse a completion whose list of parts is not what was uploaded; moto looks at ETags and sizes."""
    sums, parts = _sums(upload), []
    for item in minidom.parseString(request.body).getElementsByTagName("Part"):
        given = {node.nodeName: node.firstChild.nodeValue for node in item.childNodes if node.firstChild}
        number = int(given["PartNumber"])
        if sums and "ChecksumSHA256" not in given:
            raise AWSError(
                "InvalidRequest",
                "The upload was created using a sha256 checksum. The complete request must include the checksum for "
                f"each part. It was missing for part {number} in the request.",
            )
        part = upload.parts.get(number)
        if part is None or ("ChecksumSHA256" in given and given["ChecksumSHA256"] != _base64(_sum(part))):
            raise AWSError(
                "InvalidPart",
                "One or more of the specified parts could not be found. The part may not have been uploaded, or the "
                "specified entity tag may not match the part's entity tag.",
            )
        parts.append(part)
    size = sum(part.size for part in parts)
    told = request.headers.get("x-amz-mp-object-size")
    if told is not None and told != str(size):
        text = f"The provided 'x-amz-mp-object-size' header value {told} does not match what was computed: {size}"
        raise AWSError("InvalidRequest", text)
    # moto closes the parts when it makes the object.
    upload.made = {"size": size, "zeros": sum(objects.zeros(part) for part in parts)}
    if sums:
        whole = hashlib.sha256(b"".join(_sum(part) for part in parts)).digest()
        upload.made["sha256"] = f"{_base64(whole)}-{len(parts)}"


def answer(request: Request, bucket: str, key: str, name: str) -> Reply | None:
    """What moto does not do, or would need the bytes of a padded object for."""
    if name == "ListParts":
        return _list(request, bucket, key)
    if name == "UploadPartCopy":
        return _copy(request, bucket, key)
    found = objects.get(bucket, key)
    if name == "GetObject" and found is not None and objects.zeros(found):
        raise AWSError("StandInLacks", "The local stand-in does not give out the zeros of a padded object.", 501)
    return None


def _list(request: Request, bucket: str, key: str) -> Reply:
    upload = upload_of(bucket, key, request.query["uploadId"])
    after, most = int(request.query.get("part-number-marker", 0)), int(request.query.get("max-parts", 1000))
    numbers = sorted(number for number in upload.parts if number > after)
    shown = []
    for number in numbers[:most]:
        part = upload.parts[number]
        checksum = f"<ChecksumSHA256>{_base64(_sum(part))}</ChecksumSHA256>" if _sums(upload) else ""
        shown.append(
            f"<Part><PartNumber>{number}</PartNumber><LastModified>{part.last_modified_ISO8601}</LastModified>"
            f"<ETag>{escape(part.etag)}</ETag><Size>{part.size}</Size>{checksum}</Part>"
        )
    more = len(numbers) > most
    following = f"<NextPartNumberMarker>{numbers[most - 1]}</NextPartNumberMarker>" if more else ""
    body = (
        f"{HEAD}<ListPartsResult {SPACE}><Bucket>{bucket}</Bucket><Key>{escape(key)}</Key>"
        f"<UploadId>{upload.id}</UploadId><PartNumberMarker>{after}</PartNumberMarker>{following}"
        f"<MaxParts>{most}</MaxParts><IsTruncated>{str(more).lower()}</IsTruncated>{''.join(shown)}</ListPartsResult>"
    )
    return Reply(200, {"content-type": "application/xml"}, body.encode())


def _copy(request: Request, bucket: str, key: str) -> Reply | None:
    """A part of a padded object, of which nobody holds the zeros."""
    source = objects.named(request.headers["x-amz-copy-source"])
    if source is None or not objects.zeros(source):
        return None
    limits = request.headers.get("x-amz-copy-source-range", f"bytes=0-{source.size - 1}")
    first, last = (int(limit) for limit in limits.removeprefix("bytes=").split("-"))
    content = source.value[first : last + 1]
    upload = upload_of(bucket, key, request.query["uploadId"])
    # Only a part that is whole may be seen by others.
    part = objects.padded(content, last - first + 1, source)
    with _lock:
        upload.parts[int(request.query["partNumber"])] = part
        upload.partlist[:] = sorted(upload.parts)
    body = (
        f"{HEAD}<CopyPartResult {SPACE}><LastModified>{part.last_modified_ISO8601}</LastModified>"
        f"<ETag>{escape(part.etag)}</ETag></CopyPartResult>"
    )
    return Reply(200, {"content-type": "application/xml"}, body.encode())


def finish(request: Request, reply: Reply, bucket: str, key: str, name: str) -> None:
    """Add the checksums to a reply."""
    if name == "UploadPartCopy":
        upload = upload_of(bucket, key, request.query["uploadId"])
        if _sums(upload):
            part = upload.parts[int(request.query["partNumber"])]
            _add(reply, f"<ChecksumSHA256>{_base64(_sum(part))}</ChecksumSHA256>")
    if name == "CompleteMultipartUpload":
        found = objects.get(bucket, key)
        if found is None or found.multipart is None:
            return
        made = found.multipart.made
        if made["zeros"]:
            objects.stretch(found, made["size"], found.etag.strip('"'))
        if "sha256" in made:
            found.checksum_value = made["sha256"]
            shown = f"<ChecksumSHA256>{made['sha256']}</ChecksumSHA256><ChecksumType>COMPOSITE</ChecksumType>"
            _add(reply, shown)
    if name == "HeadObject" and "x-amz-checksum-sha256" in reply.headers:
        composite = "-" in reply.headers["x-amz-checksum-sha256"]
        reply.headers["x-amz-checksum-type"] = "COMPOSITE" if composite else "FULL_OBJECT"


def _add(reply: Reply, text: str) -> None:
    """Put a text at the end of a reply's document."""
    end = reply.body.rindex(b"</")
    reply.body = reply.body[:end] + text.encode() + reply.body[end:]
    reply.headers["content-length"] = str(len(reply.body))
