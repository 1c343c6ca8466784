"""AWS's own API called from within, on behalf of an account, for what CloudFormation makes through it.

What is asked for is held to botocore's model of the operation, and goes to moto as a request would.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import ParamValidationError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from . import moto_app, shapes
from .policy import lacks
from .template import invalid
from .wire import AWSError, Request


def call(account: str, region: str, service: str, operation: str, asked: dict[str, Any]) -> Any:
    """What the operation answers with; AWS's error where it refuses."""
    moto_app.load(service)
    named = shapes.operation(service, operation)
    assert named
    model = named.service_model
    protocol = model.metadata["protocol"]
    try:
        request = create_serializer(protocol).serialize_to_request(asked, named)
    except ParamValidationError as error:
        raise invalid(str(error)) from None
    body = request["body"]
    scope = f"{time.strftime('%Y%m%d')}/{region}/{model.signing_name}/aws4_request"
    headers = {
        **{name.lower(): value for name, value in request["headers"].items()},
        "host": f"{model.endpoint_prefix}.{region}.amazonaws.com",
        "authorization": f"AWS4-HMAC-SHA256 Credential=WITHIN/{scope}, SignedHeaders=host, Signature=0",
    }
    content = urlencode(body).encode() if isinstance(body, dict) else body
    reply = moto_app.perform(Request(request["method"], request["url_path"], headers, content), account)
    told = {"status_code": reply.status, "headers": reply.headers, "body": reply.body}
    answered = create_parser(protocol).parse(told, named.output_shape)
    if reply.status >= 400:
        error = answered["Error"]
        raise AWSError(error.get("Code", "Failed"), error.get("Message", "no reason was given"), reply.status)
    return answered


def as_input(service: str, operation: str, properties: dict[str, Any]) -> dict[str, Any]:
    """A resource's properties as the members of the operation that makes it.

    CloudFormation writes every name large and its parameters are texts; numbers and truths are made of them.
    """
    named = shapes.operation(service, operation)
    assert named and named.input_shape
    found: dict[str, Any] = _fitted(named.input_shape, properties, operation)
    return found


def _fitted(shape: Shape, value: Any, where: str) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return dict(_member(shape, name, item, where) for name, item in value.items())
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_fitted(shape.member, item, where) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _fitted(shape.value, item, where) for key, item in value.items()}
    if isinstance(value, (dict, list)):
        raise invalid(f"{where} takes no {type(value).__name__}")
    try:
        return _SCALARS.get(shape.type_name, lambda text: text)(value)
    except (ValueError, KeyError):
        raise invalid(f"{where} takes no {shape.type_name} such as {value}") from None


def _member(shape: StructureShape, name: str, value: Any, where: str) -> tuple[str, Any]:
    member = name if name in shape.members else name[:1].lower() + name[1:]
    if member not in shape.members:
        raise lacks(f"does not know the property {name} of {where}")
    return member, _fitted(shape.members[member], value, f"{where}'s {name}")


_SCALARS = {
    "integer": int,
    "long": int,
    "double": float,
    "float": float,
    "boolean": lambda value: {"true": True, "false": False}[str(value).lower()],
    "string": lambda value: str(value).lower() if isinstance(value, bool) else str(value),
}
