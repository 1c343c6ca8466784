"""CloudFormation: stacks whose every resource is made, or that fail and leave nothing.

They are made while CreateStack is answered. A template with a type that cannot be made here is refused whole. What a
DeletionPolicy says is to be retained stays, with Retain even where the creation itself fails.
"""

from __future__ import annotations

import functools
import itertools
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from . import making_access, making_compute, making_data, making_messages, objects
from .alarms import Alarms
from .identity import Caller
from .making import Made, Place, Properties
from .policy import lacks
from .sagemaker import Service
from .template import Template, invalid
from .wire import AWSError, Reply, Request

SPACE = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"'


@dataclass
class Stack:
    id: str
    name: str
    created: float
    status: str = "CREATE_IN_PROGRESS"
    reason: str = ""
    outputs: list[tuple[str, str, str | None]] = field(default_factory=list)
    # Logical name, type and what was made, in order.
    made: list[tuple[str, str, Made]] = field(default_factory=list)


class Stacks:
    def __init__(self, base_url: str, sagemaker: Service, alarms: Alarms) -> None:
        self._base_url = base_url
        self._sagemaker = sagemaker
        self._alarms = alarms
        self._lock = threading.RLock()
        self._all: dict[tuple[str, str], dict[str, Stack]] = {}
        self._operations: dict[str, Callable[[dict[str, str], dict[str, Stack], Place], str]] = {
            "CreateStack": self._create,
            "DescribeStacks": _describe,
            "DescribeStackResources": _describe_resources,
            "DeleteStack": _delete,
        }

    def answer(self, request: Request, caller: Caller, operation: str) -> Reply:
        perform = self._operations.get(operation)
        if perform is None:
            raise lacks(f"cannot do cloudformation.{operation}")
        form = request.form
        place = Place(
            caller.account,
            request.region,
            form.get("StackName", "").rpartition("stack/")[2].partition("/")[0],
            self._base_url,
            self._sagemaker,
            self._alarms,
        )
        with self._lock:
            result = perform(form, self._all.setdefault((caller.account, request.region), {}), place)
        body = (
            f"<{operation}Response {SPACE}><{operation}Result>{result}</{operation}Result><ResponseMetadata>"
            f"<RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{operation}Response>"
        )
        return Reply(200, {"content-type": "text/xml"}, body.encode())

    def _create(self, form: dict[str, str], stacks: dict[str, Stack], place: Place) -> str:
        name = place.stack
        if name in stacks:
            raise AWSError("AlreadyExistsException", f"Stack [{name}] already exists")
        if "TemplateBody" not in form:
            raise lacks("reads a template from TemplateBody only")
        given = {
            form[f"Parameters.member.{n}.ParameterKey"]: form[f"Parameters.member.{n}.ParameterValue"]
            for n in _numbers(form, "Parameters.member.{}.ParameterKey")
        }
        exports = {export: value for stack in stacks.values() for _, value, export in stack.outputs if export}
        stack = Stack(_arn(place), name, time.time())
        template = _read(form["TemplateBody"], given, stack, place, exports)
        _check_capabilities(template, form)
        _make(stack, template, place)
        stacks[name] = stack
        return f"<StackId>{escape(stack.id)}</StackId>"


def _arn(place: Place) -> str:
    return f"arn:aws:cloudformation:{place.region}:{place.account}:stack/{place.stack}/{uuid.uuid4()}"


def _read(text: str, given: dict[str, str], stack: Stack, place: Place, exports: dict[str, str]) -> Template:
    """A template that is used with parameters, all of whose resources can be made here."""
    pseudo = {
        "AWS::AccountId": place.account,
        "AWS::Partition": "aws",
        "AWS::Region": place.region,
        "AWS::StackId": stack.id,
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": "amazonaws.com",
    }
    exists = functools.partial(making_compute.exists, place.account, place.region)
    template = Template(text, given, pseudo, exports, exists)
    unknown = sorted(kind for kind in template.kinds() if kind not in TYPES)
    if unknown:
        raise lacks(f"cannot make resources of the types {', '.join(unknown)}")
    return template


def _numbers(form: dict[str, str], pattern: str) -> Any:
    return itertools.takewhile(lambda n: pattern.format(n) in form, itertools.count(1))


def _check_capabilities(template: Template, form: dict[str, str]) -> None:
    given = {form[f"Capabilities.member.{n}"] for n in _numbers(form, "Capabilities.member.{}")}
    if any(kind.startswith("AWS::IAM::") for kind in template.kinds()) and "CAPABILITY_NAMED_IAM" not in given:
        raise AWSError("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]")


def _make(stack: Stack, template: Template, place: Place) -> None:
    """Make every resource, or leave none but those whose policy retains them even then."""
    kept: list[Made] = []
    for logical, resource in template.resources():
        kind = resource["Type"]
        try:
            values = making_data.resolved(template.value(resource.get("Properties", {})), place)
            made = _create(kind, logical, values, place)
        except AWSError as error:
            done = _undo(stack)
            if error.code == "StandInLacks":
                raise
            stack.status = "ROLLBACK_COMPLETE" if done else "ROLLBACK_FAILED"
            stack.reason = f"{logical} ({kind}): {error.message}"
            return
        policy = resource.get("DeletionPolicy")
        if policy == "Retain":
            made.undo = _nothing
        elif policy == "RetainExceptOnCreate":
            kept.append(made)
        stack.made.append((logical, kind, made))
        template.names[logical], template.attributes[logical] = made.name, made.attributes
    stack.outputs = template.outputs()
    stack.status = "CREATE_COMPLETE"
    for made in kept:
        made.undo = _nothing


def _nothing() -> None:
    return


def _nested(asked: Properties, logical: str, place: Place) -> Made:
    """A stack of a template that is in S3, as one resource of another stack."""
    url = urlsplit(asked.need("TemplateURL"))
    bucket, _, host = url.netloc.partition(".s3.")
    found = objects.read(f"s3://{bucket}{url.path}")
    if found is None or host != f"{place.region}.amazonaws.com":
        raise invalid(f"S3 error: The specified key does not exist: {url.geturl()}")
    given = {key: str(value) for key, value in asked.take("Parameters", {}).items()}
    inside = replace(place, stack=place.name(logical))
    stack = Stack(_arn(inside), inside.stack, time.time())
    _make(stack, _read(found.value.decode(), given, stack, inside, {}), inside)
    if stack.status != "CREATE_COMPLETE":
        raise invalid(f"Embedded stack {stack.id} was not successfully created: {stack.reason}")

    def undo() -> None:
        if not _undo(stack):
            raise invalid(f"Embedded stack {stack.id} was not deleted: {stack.reason}")

    return Made(stack.id, {f"Outputs.{name}": value for name, value, _ in stack.outputs}, undo)


def _create(kind: str, logical: str, values: dict[str, Any], place: Place) -> Made:
    properties = Properties(values)
    try:
        made = TYPES[kind](properties, logical, place)
    except (ServiceException, HTTPException) as error:
        # Moto's, of either kind.
        raise invalid(getattr(error, "message", str(error))) from None
    try:
        properties.check(kind)
    except Exception:
        made.undo()
        raise
    return made


def _undo(stack: Stack) -> bool:
    """Take all away that was made; whether nothing is left, such as a database that is protected."""
    left = []
    for logical, kind, made in reversed(stack.made):
        try:
            made.undo()
        except AWSError as error:
            left.append((logical, kind, made))
            stack.reason = f"{logical} ({kind}): {error.message}"
    stack.made = left[::-1]
    return not left


def _found(form: dict[str, str], stacks: dict[str, Stack], place: Place) -> Stack:
    if place.stack not in stacks:
        raise invalid(f"Stack with id {form.get('StackName')} does not exist")
    return stacks[place.stack]


def _describe(form: dict[str, str], stacks: dict[str, Stack], place: Place) -> str:
    chosen = [_found(form, stacks, place)] if place.stack else list(stacks.values())
    return f"<Stacks>{''.join(_shown(stack) for stack in chosen)}</Stacks>"


def _shown(stack: Stack) -> str:
    outputs = "".join(
        f"<member><OutputKey>{name}</OutputKey><OutputValue>{escape(value)}</OutputValue>"
        + (f"<ExportName>{escape(export)}</ExportName>" if export else "")
        + "</member>"
        for name, value, export in stack.outputs
    )
    return (
        f"<member><StackId>{escape(stack.id)}</StackId><StackName>{stack.name}</StackName>"
        f"<CreationTime>{_iso(stack.created)}</CreationTime><StackStatus>{stack.status}</StackStatus>"
        f"<StackStatusReason>{escape(stack.reason)}</StackStatusReason><Outputs>{outputs}</Outputs></member>"
    )


def _describe_resources(form: dict[str, str], stacks: dict[str, Stack], place: Place) -> str:
    stack = _found(form, stacks, place)
    shown = "".join(
        f"<member><StackName>{stack.name}</StackName><LogicalResourceId>{logical}</LogicalResourceId>"
        f"<PhysicalResourceId>{escape(made.name)}</PhysicalResourceId><ResourceType>{kind}</ResourceType>"
        f"<Timestamp>{_iso(stack.created)}</Timestamp><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>"
        for logical, kind, made in stack.made
    )
    return f"<StackResources>{shown}</StackResources>"


def _delete(form: dict[str, str], stacks: dict[str, Stack], place: Place) -> str:
    # A stack that is not there is deleted already.
    if place.stack in stacks:
        if _undo(stacks[place.stack]):
            del stacks[place.stack]
        else:
            stacks[place.stack].status = "DELETE_FAILED"
    return ""


TYPES = {
    **making_access.TYPES,
    **making_compute.TYPES,
    **making_data.TYPES,
    **making_messages.TYPES,
    "AWS::CloudFormation::Stack": _nested,
}


def _iso(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
