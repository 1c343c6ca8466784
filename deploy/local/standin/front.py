"""What happens to a request, in order: who, which operation, a fault if one is due, the service, the record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import authority, images, moto_app, organizations, quotas, s3, shapes, simulation, sqs
from .alarms import Alarms
from .calls import Calls
from .control import Control
from .faults import Fault, Faults
from .identity import Caller, Identities
from .runtime import Runtime
from .sagemaker import Service
from .signature import claimed
from .stacks import Stacks
from .sts import TokenService
from .throttle import Throttle
from .wire import AWSError, Reply, Request, error_reply
from .worlds import Worlds

if TYPE_CHECKING:
    from .server import Doors

UNSIGNED = "AssumeRoleWithWebIdentity"
SERVICES = {"monitoring": "cloudwatch"}
SUBJECTS = (
    "EndpointName",
    "EndpointConfigName",
    "ModelName",
    "ModelPackageName",
    "ModelPackageArn",
    "ModelPackageGroupName",
    "ResourceArn",
    "QueueUrl",
    "QueueName",
    "ParentId",
)


class Front:
    def __init__(self, update_seconds: float, base_url: str, doors: Doors) -> None:
        shapes.preload()
        moto_app.preload()
        self.doors = doors
        self.identities = Identities()
        self.calls = Calls()
        self.faults = Faults()
        self.throttle = Throttle()
        self.alarms = Alarms()
        self.sagemaker = Service(update_seconds, self.alarms)
        self.runtime = Runtime(self.sagemaker.store, self.sagemaker.endpoints)
        self.tokens = TokenService(self.identities)
        self.stacks = Stacks(base_url, self.sagemaker, self.alarms)
        worlds = Worlds(self.sagemaker, base_url)
        self.control = Control(
            worlds,
            self.sagemaker,
            self.alarms,
            self.runtime,
            self.faults,
            self.throttle,
            self.calls,
            self.identities,
            self.tokens,
            doors,
        )

    def answer(self, request: Request) -> Reply | None:
        """The reply, or nothing where the connection is to be dropped."""
        if request.path.startswith("/_local/"):
            return self.control.answer(request)
        signed = claimed(request)
        if signed:
            request.service, request.region, request.access_key = signed.service, signed.region, signed.access_key
        elif "Action=" + UNSIGNED in request.body[:200].decode("latin-1"):
            request.service, request.region = "sts", "us-east-1"
        service, operation = _named(request)
        subject = _subject(request, service)
        caller: Caller | None = None
        fault: Fault | None = None
        reply: Reply | None
        try:
            if signed or request.service != "sts":
                caller = self.identities.check(request)
                self.throttle.check(caller.account, f"{service}.{operation}")
            fault = self.faults.take(f"{service}.{operation}", caller.account if caller else "", subject)
            if fault:
                reply = self._with_fault(fault, request, caller, service, operation)
            else:
                reply = self._perform(request, caller, service, operation)
        except AWSError as error:
            reply = error_reply(request, error)
            reply.clock = fault.clock if fault else 0
        if reply:
            reply.clock += self.identities.ahead(request.access_key)
        account = caller.account if caller else "unknown"
        arn = caller.arn if caller else "unsigned"
        self.calls.add(service, operation, account, arn, reply.status if reply else 0, subject, request.done)
        return reply

    def _with_fault(
        self, fault: Fault, request: Request, caller: Caller | None, service: str, operation: str
    ) -> Reply | None:
        fault.pause()
        if fault.when == "refuse":
            request.shut_door()
        if fault.when in ("drop-before", "refuse"):
            return None
        if fault.when == "hold-before":
            fault.hold()
        if fault.when in ("instead", "hold-before") and fault.error:
            raise fault.error
        if fault.when == "entry":
            request.entry_error = fault.error
            return self._perform(request, caller, service, operation)
        try:
            reply: Reply = self._perform(request, caller, service, operation)
        except AWSError as error:
            reply = error_reply(request, error)
        if fault.when == "drop-after":
            return None
        reply.torn = fault.when == "half"
        if fault.when == "hold-after":
            fault.hold()
        if fault.error:
            raise fault.error
        return reply

    def _perform(self, request: Request, caller: Caller | None, service: str, operation: str) -> Reply:
        reply = self._asked(request, caller, service, operation)
        request.done = reply.status < 400
        return reply

    def _asked(self, request: Request, caller: Caller | None, service: str, operation: str) -> Reply:
        if caller and request.headers.get("x-amz-target"):
            shapes.check(service, operation, request.json)
        if caller:
            authority.check(request, caller, service, operation)
        reply = self.tokens.answer(request, caller) if service == "sts" else None
        if reply is not None:
            return reply
        if caller is None:
            raise AWSError("AccessDenied", "Access Denied", 403)
        if service == "s3":
            with s3.guard(request, caller, operation):
                reply = s3.answer(request, caller, operation) or moto_app.perform(request, caller.account)
                return s3.finish(request, reply, operation)
        if service == "sagemaker-runtime" and operation == "InvokeEndpoint":
            return self.runtime.invoke(request, caller)
        if service == "sagemaker":
            reply = self.sagemaker.answer(request, caller, operation)
        elif service == "cloudformation":
            reply = self.stacks.answer(request, caller, operation)
        elif service == "cloudwatch":
            reply = self.alarms.answer(request, caller, operation)
        elif service == "iam":
            reply = simulation.answer(request, caller, operation)
        elif service == "servicequotas":
            reply = quotas.answer(request, caller, operation)
        elif service == "ecr":
            reply = images.answer(request, caller, operation)
        elif service == "organizations":
            reply = organizations.answer(request, caller, operation)
        elif service == "sqs":
            if request.protocol != "json":
                raise AWSError("StandInLacks", "The local stand-in speaks SQS's JSON protocol only.", 501)
            reply = sqs.answer(request, caller, operation)
            if reply is None and "QueueUrl" in request.json:
                return moto_app.perform(request, sqs.find(request.json["QueueUrl"], request.region).account_id)
        return reply or moto_app.perform(request, caller.account)


def _named(request: Request) -> tuple[str, str]:
    """The service and operation a request is for."""
    target = request.headers.get("x-amz-target")
    service = SERVICES.get(request.service, request.service)
    if target:
        return service, target.rpartition(".")[2]
    if service == "s3":
        return service, s3.operation(request)
    if service == "sagemaker":
        ends = {"invocations": "InvokeEndpoint", "async-invocations": "InvokeEndpointAsync"}
        return "sagemaker-runtime", ends.get(request.path.rpartition("/")[2], request.method)
    if "/operation/" in request.path:
        return service, request.path.rpartition("/")[2]
    return service, request.form.get("Action", request.method)


def _subject(request: Request, service: str) -> str:
    """What a call is about, in few words, for the record and for choosing faults."""
    if service == "s3":
        place = "/".join(part for part in s3.place(request) if part)
        source = request.headers.get("x-amz-copy-source")
        return f"{place} from {source}" if source else place
    if service == "sagemaker-runtime":
        name = re.sub(r"^/endpoints/|/[\w-]*invocations$", "", request.path)
        target = request.headers.get("x-amzn-sagemaker-target-model")
        return f"{name} {target}" if target else name
    if service == "sts":
        return request.form.get("RoleArn", "")
    try:
        asked: dict[str, Any] = request.json if "x-amz-target" in request.headers else {}
    except AWSError:
        return ""
    return next((str(asked[key]) for key in SUBJECTS if key in asked), "")
