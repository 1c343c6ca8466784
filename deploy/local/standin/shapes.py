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
from botocore.model import OperationModel, OperationNotFoundError, ServiceModel
from botocore.validate import ParamValidator

from .wire import invalid

_lock = threading.Lock()


@functools.cache
def _model(service: str) -> ServiceModel | None:
    try:
        return botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        return None


def preload() -> None:
    """Read the largest model before anybody waits for it: it takes the better part of a second."""

    def load() -> None:
        with _lock:
            _model("sagemaker")

    threading.Thread(target=load, daemon=True).start()


def operation(service: str, name: str) -> OperationModel | None:
    """AWS's model of an operation, where botocore has one."""
    with _lock:
        model = _model(service)
        try:
            return model.operation_model(name) if model else None
        except OperationNotFoundError:
            return None


def check(service: str, name: str, asked: Any) -> None:
    """Refuse what the model of the operation does not allow; operations it lacks are not judged."""
    known = operation(service, name)
    if known is None or known.input_shape is None:
        return
    report = ParamValidator().validate(asked, known.input_shape)
    if report.has_errors():
        raise invalid(f"{service} {name} does not fit AWS's model of it: {report.generate_report()}")
