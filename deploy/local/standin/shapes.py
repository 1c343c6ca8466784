"""Hold JSON requests to AWS's own models of them, as botocore ships them.

AWS itself often ignores a member that it does not know, and so would a stand-in that reads only what it needs;
a misspelt member would then be noticed in nobody's test. Here it is refused, and so are missing members and
members of another type.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

import botocore.session
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError, ServiceModel
from botocore.validate import ParamValidator

from .wire import invalid

_lock = threading.Lock()


@functools.cache
def _read(service: str) -> ServiceModel | None:
    try:
        return botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        return None


def preload() -> None:
    """Read the largest model before anybody waits for it: it takes the better part of a second."""

    def load() -> None:
        with _lock:
            _read("sagemaker")

    threading.Thread(target=load, daemon=True).start()


def model(service: str) -> ServiceModel | None:
    """What botocore knows of a service."""
    with _lock:
        return _read(service)


def check(service: str, operation: str, asked: Any) -> None:
    """Refuse what the model of the operation does not allow; operations it lacks are not judged."""
    known = model(service)
    try:
        with _lock:
            shape = known.operation_model(operation).input_shape if known else None
    except OperationNotFoundError:
        return
    if shape is None:
        return
    report = ParamValidator().validate(asked, shape)
    if report.has_errors():
        raise invalid(f"{service} {operation} does not fit AWS's model of it: {report.generate_report()}")
