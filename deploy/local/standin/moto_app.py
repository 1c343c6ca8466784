"""The way into moto: its own web application, called without a second socket."""

from __future__ import annotations

import io
import sys
import traceback
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from .wire import AWSError, Reply, Request

# What moto is asked for here; `shapes` and the modules beside this one do the rest.
SERVICES = ("cloudwatch", "ecr", "events", "iam", "kms", "logs", "organizations", "s3", "sagemaker", "sqs", "sts")

_app = DomainDispatcherApplication(create_backend_app)


def preload() -> None:
    """Load every service before the first request: moto loads each on its first use, under locks of its own, and two
    requests that come at once may then wait for each other forever.
    """
    for service in SERVICES:
        load(service)


def load(service: str) -> None:
    """Load one more service, which takes time and memory that few need; only stacks ask for any, one after another."""
    if service not in _app.app_instances:
        _app.app_instances[service] = create_backend_app(service)


def perform(request: Request, account: str) -> Reply:
    """Let moto carry out a request on behalf of an account."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.encode().decode("latin-1"),
        "QUERY_STRING": request.raw_query,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(request.body)),
    }
    for name, value in request.headers.items():
        if name == "content-type":
            environ["CONTENT_TYPE"] = value
        elif name not in ("content-length", "transfer-encoding"):
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    started: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        started["status"] = int(status.split(" ", 1)[0])
        started["headers"] = {name.lower(): value for name, value in headers}

    try:
        chunks = _app(environ, start_response)
        body = b"".join(chunks)
    except NotImplementedError as error:
        raise _missing(request, str(error)) from None
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        raise _missing(request, f"moto failed: {error}") from None
    return Reply(started["status"], started["headers"], body)


def _missing(request: Request, text: str) -> AWSError:
    """Not AWS's error and not one that SDKs repeat: the stand-in itself lacks something."""
    operation = request.headers.get("x-amz-target") or f"{request.method} {request.raw_path}"
    return AWSError("StandInLacks", f"The local stand-in cannot do {operation}. {text}", 501)
