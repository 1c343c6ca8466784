"""STS: roles are assumed only where they exist, trust the caller and are asked with their ExternalId."""

from __future__ import annotations

import base64
import re
import secrets
import time
import uuid
from typing import Any
from xml.sax.saxutils import escape

from . import policy
from .identity import ID_LETTERS, Caller, Identities, role
from .wire import AWSError, Reply, Request

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
SESSION_NAME = re.compile(r"[\w+=,.@-]*", re.ASCII)


class TokenService:
    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self._session_seconds: dict[str, float] = {}

    def shorten(self, account: str, seconds: float | None) -> None:
        """Make sessions in an account last this long whatever is asked, since AWS's least is 15 minutes."""
        if seconds is None:
            self._session_seconds.pop(account, None)
        else:
            self._session_seconds[account] = seconds

    def answer(self, request: Request, caller: Caller | None) -> Reply | None:
        """The reply to an operation known here, else nothing."""
        form = request.form
        action = form.get("Action", "")
        if action == "AssumeRoleWithWebIdentity":
            return self._web_identity(form)
        if caller is None:
            return None
        if action == "AssumeRole":
            return self._assume(form, caller)
        if action == "GetCallerIdentity":
            fields = {"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account}
            return _reply(action, _tags(fields))
        return None

    def _assume(self, form: dict[str, str], caller: Caller) -> Reply:
        arn, name, seconds = _asked(form)
        found = role(arn)
        context = {"sts:ExternalId": form["ExternalId"]} if "ExternalId" in form else {}
        if found is None or not policy.allows(_document(found), caller, "sts:AssumeRole", "*", context):
            text = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            raise AWSError("AccessDenied", text, 403)
        if seconds > int(found.max_session_duration or 3600):
            text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            raise AWSError("ValidationError", text)
        if caller.role_arn and seconds > 3600:
            text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
            raise AWSError("ValidationError", text)
        ahead = self._identities.ahead(caller.access_key)
        return _reply("AssumeRole", self._session(found, name, seconds, ahead))

    def _web_identity(self, form: dict[str, str]) -> Reply:
        arn, name, seconds = _asked(form)
        found = role(arn)
        if found is None or "sts:AssumeRoleWithWebIdentity" not in _document(found):
            raise AWSError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
        if not form.get("WebIdentityToken"):
            raise AWSError("InvalidIdentityToken", "No OpenIDConnect provider found in your account.", 400)
        return _reply("AssumeRoleWithWebIdentity", self._session(found, name, seconds))

    def begin(self, found: Any, name: str, seconds: int = 3600) -> Caller:
        """A session of a role's, its keys known from now on."""
        account = found.arn.split(":")[4]
        lasts = self._session_seconds.get(account, seconds)
        arn = f"arn:aws:sts::{account}:assumed-role/{found.name}/{name}"
        session = Caller(
            account=account,
            arn=arn,
            user_id=f"{found.id}:{name}",
            access_key="ASIA" + "".join(secrets.choice(ID_LETTERS) for _ in range(16)),
            secret=base64.b64encode(secrets.token_bytes(30)).decode(),
            token=base64.b64encode(secrets.token_bytes(270)).decode(),
            expires=time.time() + lasts,
            role_arn=found.arn,
        )
        self._identities.add(session)
        return session

    def _session(self, found: Any, name: str, seconds: int, ahead: float = 0) -> str:
        session = self.begin(found, name, seconds)
        expiration = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(session.expires + ahead))
        credentials = {
            "AccessKeyId": session.access_key,
            "SecretAccessKey": session.secret,
            "SessionToken": session.token,
            "Expiration": expiration,
        }
        user = _tags({"AssumedRoleId": session.user_id, "Arn": session.arn})
        return f"<AssumedRoleUser>{user}</AssumedRoleUser><Credentials>{_tags(credentials)}</Credentials>"


def _asked(form: dict[str, str]) -> tuple[str, str, int]:
    arn, name = form.get("RoleArn", ""), form.get("RoleSessionName", "")
    if not re.match(r"arn:[\w-]+:iam::\d{12}:role/.+", arn):
        raise AWSError("ValidationError", f"{arn} is invalid")
    problem = None
    if not SESSION_NAME.fullmatch(name):
        problem = r"Member must satisfy regular expression pattern: [\w+=,.@-]*"
    elif len(name) < 2:
        problem = "Member must have length greater than or equal to 2"
    elif len(name) > 64:
        problem = "Member must have length less than or equal to 64"
    if problem:
        raise _constraint("roleSessionName", name, problem)
    seconds = int(form.get("DurationSeconds", "3600"))
    if seconds < 900:
        raise _constraint("durationSeconds", str(seconds), "Member must have value greater than or equal to 900")
    if seconds > 43200:
        raise _constraint("durationSeconds", str(seconds), "Member must have value less than or equal to 43200")
    return arn, name, seconds


def _constraint(field: str, value: str, problem: str) -> AWSError:
    text = f"1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: {problem}"
    return AWSError("ValidationError", text)


def _document(found: Any) -> str:
    return found.assume_role_policy_document or "{}"


def _tags(fields: dict[str, Any]) -> str:
    return "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in fields.items())


def _reply(action: str, inner: str) -> Reply:
    request_id = str(uuid.uuid4())
    body = (
        f'<{action}Response xmlns="{NAMESPACE}"><{action}Result>{inner}</{action}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )
    return Reply(200, {"content-type": "text/xml", "x-amzn-requestid": request_id}, body.encode())
