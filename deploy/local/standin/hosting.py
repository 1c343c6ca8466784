"""Models and endpoint configurations: checked as AWS checks them, kept as they were given."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .identity import Caller, role
from .registry import Registry
from .store import Config, Holdings, Model, Sagemaker, check_name, page, read_tags
from .wire import invalid

KEYS = {"CreationTime": lambda item: item.created, "Name": lambda item: item.name}
INSTANCE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9-]+")


class Hosting:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def key(self, sagemaker: Sagemaker) -> Callable[[str, str, str], str | None]:
        """How the key that a configuration encrypts its volumes with is found."""

        def found(account: str, region: str, name: str) -> str | None:
            config = sagemaker.of(account, region).configs.get(name.lower())
            return config.asked.get("KmsKeyId") if config else None

        return found

    def create_model(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        name = check_name(asked.get("ModelName"), "modelName")
        arn = held.arn("model", name)
        _check_execution_role(held, asked.get("ExecutionRoleArn"))
        containers = asked.get("Containers") or [asked.get("PrimaryContainer")]
        for container in containers:
            self._check_container(held, caller, container)
        with held.lock:
            if name.lower() in held.models:
                raise invalid(f'Cannot create already existing model "{arn}".')
            held.models[name.lower()] = Model(name, arn, held.now(), asked)
            held.tags[arn] = read_tags(asked)
        return {"ModelArn": arn}

    def _check_container(self, held: Holdings, caller: Caller, container: Any) -> None:
        if not isinstance(container, dict) or not (container.get("Image") or container.get("ModelPackageName")):
            raise invalid("You must specify either an Image or a ModelPackageName for the container.")
        if "ModelPackageName" in container:
            _, package = self._registry.package(held, caller, container["ModelPackageName"], "CreateModel")
            if package.approval != "Approved":
                raise invalid(f"Cannot create a model from model package {package.arn} that is not Approved.")
        url = container.get("ModelDataUrl")
        if url is not None and not re.match(r"(https|s3)://([^/]+)/", url):
            raise invalid(f"Invalid ModelDataUrl: {url}")
        if container.get("Mode") == "MultiModel" and not url:
            raise invalid("ModelDataUrl is required for a container in MultiModel mode.")

    def describe_model(self, held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
        model = _model(held, asked.get("ModelName"))
        shown = {key: value for key, value in model.asked.items() if key != "Tags"}
        return {**shown, "ModelArn": model.arn, "CreationTime": model.created}

    def list_models(self, held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
        models, token = page(_named(held.models, asked), asked, KEYS)
        shown = [{"ModelName": m.name, "ModelArn": m.arn, "CreationTime": m.created} for m in models]
        return {"Models": shown, **({"NextToken": token} if token else {})}

    def delete_model(self, held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
        model = _model(held, asked.get("ModelName"))
        held.models.pop(model.name.lower(), None)
        held.tags.pop(model.arn, None)
        return {}

    def create_config(self, held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
        name = check_name(asked.get("EndpointConfigName"), "endpointConfigName")
        arn = held.arn("endpoint-config", name)
        variants = asked.get("ProductionVariants") or []
        if not 1 <= len(variants) <= 10:
            raise invalid("1 validation error detected: ProductionVariants must have between 1 and 10 members")
        with held.lock:
            if name.lower() in held.configs:
                raise invalid(f'Cannot create already existing endpoint configuration "{arn}".')
            for variant in variants:
                _check_variant(held, variant)
            if len({variant["VariantName"] for variant in variants}) != len(variants):
                raise invalid("Production variant names must be unique within an endpoint configuration.")
            held.configs[name.lower()] = Config(name, arn, held.now(), asked)
            held.tags[arn] = read_tags(asked)
        return {"EndpointConfigArn": arn}

    def describe_config(self, held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
        config = find_config(held, asked.get("EndpointConfigName"))
        shown = {key: value for key, value in config.asked.items() if key != "Tags"}
        return {**shown, "EndpointConfigArn": config.arn, "CreationTime": config.created}

    def list_configs(self, held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
        configs, token = page(_named(held.configs, asked), asked, KEYS)
        shown = [{"EndpointConfigName": c.name, "EndpointConfigArn": c.arn, "CreationTime": c.created} for c in configs]
        return {"EndpointConfigs": shown, **({"NextToken": token} if token else {})}

    def delete_config(self, held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
        config = find_config(held, asked.get("EndpointConfigName"))
        held.configs.pop(config.name.lower(), None)
        held.tags.pop(config.arn, None)
        return {}


def find_config(held: Holdings, name: Any) -> Config:
    config = held.configs.get(str(name).lower())
    if config is None:
        raise invalid(f'Could not find endpoint configuration "{held.arn("endpoint-config", str(name))}".')
    return config


def _model(held: Holdings, name: Any) -> Model:
    model = held.models.get(str(name).lower())
    if model is None:
        raise invalid(f'Could not find model "{held.arn("model", str(name))}".')
    return model


def _named(found: dict[str, Any], asked: dict[str, Any]) -> list[Any]:
    after, before = asked.get("CreationTimeAfter", 0), asked.get("CreationTimeBefore", float("inf"))
    part = asked.get("NameContains", "").lower()
    return [item for key, item in list(found.items()) if part in key and after < item.created < before]


def _check_variant(held: Holdings, variant: dict[str, Any]) -> None:
    check_name(variant.get("VariantName"), "productionVariants.1.member.variantName")
    if "ModelName" in variant:
        _model(held, variant["ModelName"])
    if "ServerlessConfig" in variant:
        return
    instance = variant.get("InstanceType")
    if not INSTANCE.fullmatch(str(instance)):
        raise invalid(
            f"1 validation error detected: Value '{instance}' at 'productionVariants.1.member.instanceType' failed "
            "to satisfy constraint: Member must satisfy enum value set"
        )
    if variant.get("InitialInstanceCount", 0) < 1:
        raise invalid("InitialInstanceCount must be at least 1 for an instance-backed variant.")


def _check_execution_role(held: Holdings, arn: Any) -> None:
    account = str(arn).split(":")[4] if str(arn).count(":") >= 5 else ""
    if account and account != held.account:
        raise invalid("Cross-account pass role is not allowed.")
    found = role(str(arn))
    if found is None or "sagemaker.amazonaws.com" not in (found.assume_role_policy_document or ""):
        raise invalid(
            f"Could not assume role {arn}. Please ensure that the role exists and allows principal "
            "'sagemaker.amazonaws.com' to assume the role."
        )
