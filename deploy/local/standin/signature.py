"""AWS Signature Version 4, checked as AWS checks it, so that a wrongly signed request fails here too."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from calendar import timegm
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote

from .wire import AWSError, Request

AUTHORIZATION = re.compile(
    r"^AWS4-HMAC-SHA256\s+Credential=([^/,]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request,\s*"
    r"SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$"
)


@dataclass(frozen=True)
class Signed:
    """What an Authorization header claims."""

    access_key: str
    day: str
    region: str
    service: str
    headers: tuple[str, ...]
    signature: str


def claimed(request: Request) -> Signed | None:
    match = AUTHORIZATION.match(request.headers.get("authorization", "").strip())
    if not match:
        return None
    key, day, region, service, headers, signature = match.groups()
    return Signed(key, day, region, service, tuple(headers.split(";")), signature)


@lru_cache(maxsize=4096)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _canonical_query(raw: str) -> str:
    pairs = []
    for part in raw.split("&") if raw else []:
        name, _, value = part.partition("=")
        pairs.append((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _canonical_path(request: Request, service: str) -> str:
    # S3 signs the path encoded once, every other service the encoded path encoded again.
    if service == "s3":
        return quote(unquote(request.raw_path), safe="/-_.~")
    return quote(request.raw_path or "/", safe="/-_.~")


def _mismatch(request: Request, text: str) -> AWSError:
    code = "InvalidSignatureException" if request.protocol in ("json", "rest-json") else "SignatureDoesNotMatch"
    return AWSError(code, text, 403)


def check(request: Request, signed: Signed, secret: str, now: float) -> None:
    """Refuse the request unless it was signed with this secret, lately, over what was sent."""
    stamp = request.headers.get("x-amz-date", "")
    _check_time(request, stamp, now)
    payload = hashlib.sha256(request.body).hexdigest()
    given = request.headers.get("x-amz-content-sha256")
    if signed.service == "s3":
        _check_s3(request, signed, given, payload)
    lines = [f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in signed.headers]
    canonical = "\n".join(
        [
            request.method,
            _canonical_path(request, signed.service),
            _canonical_query(request.raw_query),
            *lines,
            "",
            ";".join(signed.headers),
            given or payload,
        ]
    )
    scope = f"{signed.day}/{signed.region}/{signed.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    key = _signing_key(secret, signed.day, signed.region, signed.service)
    expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signed.signature) or "host" not in signed.headers:
        raise _mismatch(
            request,
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        )


def _check_time(request: Request, stamp: str, now: float) -> None:
    allowed = 900 if request.protocol == "s3" else 300
    try:
        sent = timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise _mismatch(request, "Date must be in ISO-8601 'basic format'.") from None
    if abs(now - sent) <= allowed:
        return
    if request.protocol == "s3":
        raise AWSError(
            "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 403
        )
    shown = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    text = f"Signature expired: {stamp} is now earlier than {shown} ({shown} - 5 min.)"
    raise _mismatch(request, text if sent < now else f"Signature not yet current: {stamp} is still later than {shown}")


def _check_s3(request: Request, signed: Signed, given: str | None, payload: str) -> None:
    if given is None:
        raise AWSError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    unsigned = [n for n in request.headers if n.startswith("x-amz-") and n not in signed.headers]
    if unsigned:
        text = "There were headers present in the request which were not signed"
        raise AWSError("AccessDenied", text, 403, {"HeadersNotSigned": ", ".join(unsigned)})
    if len(given) == 64 and given != payload:
        text = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise AWSError("XAmzContentSHA256Mismatch", text)
