"""Models that really answer: archives holding model.json, loaded when first invoked and then kept.

What was loaded stays until the endpoint gets a new fleet, as on AWS, where overwriting an artifact
in place goes on serving the old model from memory or from an instance's disk.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import tarfile
import threading
import time
from dataclasses import dataclass
from typing import Any

from moto.s3.models import FakeKey

from . import objects, serving
from .store import Config, Holdings, Model
from .wire import AWSError


class Unreadable(Exception):
    """The container could not load an archive, or could not answer a request."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class Loaded:
    document: dict[str, Any]
    sha256: str
    etag: str

    def predict(self, content_type: str, body: bytes) -> dict[str, Any]:
        """Scores of a linear model for each row."""
        coefficients = self.document["coefficients"]
        predictions = []
        for row in _rows(content_type, body):
            if len(row) != len(coefficients):
                raise Unreadable(f"The model takes {len(coefficients)} columns, and the request has {len(row)}.")
            score = self.document["intercept"] + sum(c * x for c, x in zip(coefficients, row, strict=True))
            predictions.append({"score": score})
        return {
            "predictions": predictions,
            "model": self.document.get("model"),
            "version": self.document.get("version"),
        }


def as_csv(answer: dict[str, Any]) -> bytes:
    """The same answer for who accepts CSV: score, model and version in one line for each row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([p["score"], answer["model"], answer["version"]] for p in answer["predictions"])
    return text.getvalue().encode()


def _rows(content_type: str, body: bytes) -> list[list[float]]:
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "text/csv":
            rows = [row for row in csv.reader(io.StringIO(body.decode())) if row]
            return [[float(cell) for cell in row] for row in rows]
        if kind == "application/json":
            return [[float(cell) for cell in row] for row in json.loads(body)["instances"]]
    except (ValueError, KeyError, TypeError):
        raise Unreadable("The request's rows cannot be read as numbers.") from None
    raise Unreadable(f"Content type {kind or 'none'} is not supported.", 415)


def archive(document: dict[str, Any], padding: int = 0) -> bytes:
    """A tar.gz with model.json; the same document always makes the same bytes."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        parts = [("model.json", json.dumps(document, sort_keys=True).encode())]
        if padding:
            parts.append(("weights.bin", hashlib.shake_256(b"weights").digest(padding)))
        for name, content in parts:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(raw.getvalue(), compresslevel=1, mtime=0)


def load(found: FakeKey) -> Loaded:
    """The model in an archive. The zeros of a padded one are no part of it, as gzip has it."""
    try:
        with tarfile.open(fileobj=io.BytesIO(found.value), mode="r:gz") as tar:
            member = tar.extractfile("model.json")
            document = json.loads(member.read()) if member else None
        if not isinstance(document, dict) or not isinstance(document.get("coefficients"), list):
            raise Unreadable("model.json does not describe a linear model.", 500)
        document.setdefault("intercept", 0.0)
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError):
        raise Unreadable("The archive is not a tar.gz that holds model.json.", 500) from None
    return Loaded(document, objects.sha256(found), found.etag)


class Fleet:
    """The instances of one deployed configuration and what they have in memory."""

    def __init__(self, held: Holdings, config: Config) -> None:
        self._account, self._region = held.account, held.region
        self._lock = threading.Lock()
        self._loaded: dict[tuple[str, str | None], Loaded] = {}
        self._asked: dict[tuple[str, str | None], tuple[int, float]] = {}
        self.config = config
        # The models are held as they were, since a model may be deleted while an endpoint serves it.
        self._models: dict[str, Model] = {}
        for variant in config.variants:
            model = held.models.get(str(variant.get("ModelName")).lower())
            if model:
                self._models[variant["VariantName"]] = model

    @property
    def role(self) -> str:
        """The role that SageMaker serves with; nobody's where inference components bring their own."""
        return str(self.config.asked.get("ExecutionRoleArn") or self.model_asked().get("ExecutionRoleArn", ""))

    def start(self) -> str | None:
        """Bring the containers up; the problem that prevents it, if there is one."""
        for variant in self.config.variants:
            name = variant["VariantName"]
            if "ModelName" not in variant:
                # Inference components bring their containers themselves.
                continue
            if name not in self._models:
                return f'Could not find model "{variant.get("ModelName")}".'
            problem = self._denied(name)
            if problem:
                return problem
            if not self.multi_model(name) and self._container(name).get("ModelDataUrl"):
                try:
                    self.model(name, None)
                except AWSError as error:
                    return error.message
                except Unreadable as error:
                    return f"The container did not pass the ping health check: {error}"
        return None

    def _denied(self, variant: str) -> str | None:
        """What the execution role lacks to bring a variant's container up."""
        container = self._container(variant)
        if not serving.may_pull(self.role, container.get("Image", ""), self._region):
            return f"Unable to pull image {container['Image']}: the role {self.role} is not allowed to."
        bucket = self.url(variant, None).removeprefix("s3://").partition("/")[0]
        if self.multi_model(variant) and not serving.may_list(self.role, bucket, self._region):
            return f"The role {self.role} is not allowed to list the bucket {bucket}."
        return None

    def _container(self, variant: str) -> dict[str, Any]:
        asked = self._models[variant].asked
        return asked.get("PrimaryContainer") or asked["Containers"][0]

    def model_asked(self) -> dict[str, Any]:
        """The first variant's model as its maker asked for it."""
        return next((model.asked for model in self._models.values()), {})

    def multi_model(self, variant: str) -> bool:
        return self._container(variant).get("Mode") == "MultiModel"

    def images(self, variant: str) -> list[dict[str, Any]]:
        if variant not in self._models or "Image" not in self._container(variant):
            return []
        return [{"SpecifiedImage": self._container(variant)["Image"]}]

    def url(self, variant: str, target: str | None) -> str:
        base = self._container(variant).get("ModelDataUrl", "")
        if target is None:
            return base
        return base.rstrip("/") + "/" + target.lstrip("/")

    def model(self, variant: str, target: str | None) -> Loaded:
        """The model as first loaded; nothing reads the bucket again once it is in memory."""
        with self._lock:
            loaded = self._loaded.get((variant, target))
            if loaded is None:
                loaded = self._loaded[variant, target] = self._fetch(self.url(variant, target))
            return loaded

    def is_loading(self, variant: str, target: str | None, order: dict[str, Any]) -> bool:
        """Whether the order still keeps the model from being ready: for its first invocations or seconds."""
        with self._lock:
            asked, since = self._asked.get((variant, target), (0, time.monotonic()))
            self._asked[variant, target] = asked + 1, since
        return asked < order.get("invocations", 0) or time.monotonic() - since < order.get("seconds", 0)

    def _fetch(self, url: str) -> Loaded:
        bucket, _, key = url.removeprefix("s3://").partition("/")
        found = objects.read(url) if objects.owner(bucket) == self._account else None
        if not serving.may_read(self.role, bucket, key, self._region):
            found = None
        if found is None:
            raise AWSError(
                "ValidationError",
                f"Failed to download model data(bucket: {bucket}, key: {key}). Please ensure that there is an object "
                "located at the URL and that the role passed to CreateModel has permissions to download the model.",
            )
        return load(found)

    def loaded(self) -> dict[str, Loaded]:
        """What is in memory, by target model."""
        with self._lock:
            return {target or "": model for (_, target), model in self._loaded.items()}

    def targets(self) -> dict[str, str]:
        """The target models below the prefix, as the bucket holds them now, with their ETags."""
        for variant in self._models:
            if self.multi_model(variant):
                return dict(objects.below(self.url(variant, "")))
        return {}
