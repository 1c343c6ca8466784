"""Who signed a request: IAM users by their keys, sessions of assumed roles until they expire."""

from __future__ import annotations

import secrets
import string
import threading
import time
from dataclasses import dataclass
from typing import Any

from moto.iam.models import IAMBackend, iam_backends

from . import signature
from .wire import AWSError, Request

ID_LETTERS = string.ascii_uppercase + "234567"


@dataclass
class Caller:
    """Whoever a request's credentials belong to; `user_id` is what SQS shows as SenderId."""

    account: str
    arn: str
    user_id: str
    access_key: str
    secret: str
    token: str | None = None
    expires: float | None = None
    role_arn: str | None = None

    @property
    def principal_arn(self) -> str:
        """The user's or role's own ARN, which is what policies name."""
        return self.role_arn or self.arn


class Identities:
    """Every live access key. Keys made through IAM arrive by themselves, sessions through STS."""

    def __init__(self) -> None:
        self._callers: dict[str, Caller] = {}
        self._lock = threading.Lock()
        # Account → how far AWS's clock is ahead of this machine's, as its callers see it.
        self._ahead: dict[str, float] = {}
        self._follow_iam()

    def _follow_iam(self) -> None:
        """Learn of keys as IAM makes them, so that finding a caller never searches all accounts."""
        create, delete = IAMBackend.create_access_key, IAMBackend.delete_access_key
        create_user = IAMBackend.create_user
        identities = self

        def named_user(backend: IAMBackend, *args: Any, **more: Any) -> Any:
            user = create_user(backend, *args, **more)
            # AWS's user ids can be told by their beginning, and SenderId patterns rely on it.
            user.id = "AIDA" + "".join(secrets.choice(ID_LETTERS) for _ in range(17))
            return user

        def create_access_key(backend: IAMBackend, user_name: str, *args: Any, **more: Any) -> Any:
            key = create(backend, user_name, *args, **more)
            user = backend.get_user(user_name)
            caller = Caller(backend.account_id, user.arn, user.id, key.access_key_id, key.secret_access_key)
            identities.add(caller)
            return key

        def delete_access_key(backend: IAMBackend, access_key_id: str, *args: Any, **more: Any) -> Any:
            identities.remove(access_key_id)
            return delete(backend, access_key_id, *args, **more)

        IAMBackend.create_user = named_user  # type: ignore[method-assign,assignment]
        IAMBackend.create_access_key = create_access_key  # type: ignore[method-assign,assignment]
        IAMBackend.delete_access_key = delete_access_key  # type: ignore[method-assign,assignment]

    def add(self, caller: Caller) -> None:
        with self._lock:
            self._callers[caller.access_key] = caller

    def remove(self, access_key: str) -> None:
        with self._lock:
            self._callers.pop(access_key, None)

    def claimed(self, access_key: str) -> Caller | None:
        return self._callers.get(access_key)

    def expire(self, account: str | None, access_key: str | None) -> int:
        """End sessions now, as if their time were over; users' keys are left alone."""
        ended = 0
        with self._lock:
            for caller in self._callers.values():
                chosen = account in (None, caller.account) and access_key in (None, caller.access_key)
                if caller.expires is not None and chosen:
                    caller.expires = 0.0
                    ended += 1
        return ended

    def set_clock(self, accounts: list[str], seconds: float) -> None:
        with self._lock:
            self._ahead.update(dict.fromkeys(accounts, seconds))

    def ahead(self, access_key: str) -> float:
        caller = self._callers.get(access_key)
        return self._ahead.get(caller.account, 0.0) if caller else 0.0

    def check(self, request: Request) -> Caller:
        """The caller of a request, or AWS's refusal of it."""
        signed = signature.claimed(request)
        if signed is None:
            raise _missing(request)
        caller = self._callers.get(signed.access_key)
        if caller is None or caller.token != request.headers.get("x-amz-security-token"):
            raise _unknown(request, caller is not None)
        signature.check(request, signed, caller.secret, time.time() + self._ahead.get(caller.account, 0.0))
        if caller.expires is not None and caller.expires <= time.time():
            raise _expired(request)
        return caller


def role(arn: str) -> Any | None:
    """The IAM role with this ARN, looked for in the account the ARN names."""
    account = arn.split(":")[4] if arn.count(":") >= 5 else ""
    if not (account.isdigit() and len(account) == 12) or account not in iam_backends:
        return None
    for found in list(iam_backends[account]["aws"].roles.values()):
        if found.arn == arn:
            return found
    return None


def _missing(request: Request) -> AWSError:
    if request.protocol == "s3":
        return AWSError("AccessDenied", "Access Denied", 403)
    if request.protocol == "query":
        return AWSError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    return AWSError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)


def _unknown(request: Request, token_wrong: bool) -> AWSError:
    text = "The security token included in the request is invalid."
    if request.protocol == "s3" and token_wrong:
        return AWSError("InvalidToken", "The provided token is malformed or otherwise invalid.", 400)
    if request.protocol == "s3":
        return AWSError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403)
    if request.protocol == "query":
        return AWSError("InvalidClientTokenId", text, 403)
    return AWSError("UnrecognizedClientException", text, 403)


def _expired(request: Request) -> AWSError:
    if request.protocol == "s3":
        return AWSError("ExpiredToken", "The provided token has expired.", 400)
    code = "ExpiredToken" if request.protocol == "query" else "ExpiredTokenException"
    return AWSError(code, "The security token included in the request is expired", 403)
