"""SageMaker's operations by name, and tags, which all its resources share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import authority, encryption
from .alarms import Alarms
from .clock import Clock
from .endpoints import Endpoints
from .hosting import Hosting
from .identity import Caller
from .registry import Registry
from .store import Holdings, Sagemaker
from .wire import Reply, Request, invalid, json_reply

Operation = Callable[[Holdings, dict[str, Any], Caller], dict[str, Any]]
KINDS = {
    "endpoint": "endpoint",
    "endpoint-config": "endpoint configuration",
    "model": "model",
    "model-package": "model package",
    "model-package-group": "model package group",
}


class Service:
    def __init__(self, update_seconds: float, alarms: Alarms) -> None:
        self.store = Sagemaker(update_seconds)
        self.registry = Registry(self.store)
        self.hosting = Hosting(self.registry)
        self.endpoints = Endpoints(self.store, Clock(), alarms)
        authority.registry = self.registry
        encryption.of_volumes = self.hosting.key(self.store)
        registry, hosting, endpoints = self.registry, self.hosting, self.endpoints
        self._operations: dict[str, Operation] = {
            "CreateModelPackageGroup": registry.create_group,
            "DescribeModelPackageGroup": registry.describe_group,
            "ListModelPackageGroups": registry.list_groups,
            "DeleteModelPackageGroup": registry.delete_group,
            "PutModelPackageGroupPolicy": registry.put_policy,
            "GetModelPackageGroupPolicy": registry.get_policy,
            "DeleteModelPackageGroupPolicy": registry.delete_policy,
            "CreateModelPackage": registry.create_package,
            "DescribeModelPackage": registry.describe_package,
            "BatchDescribeModelPackage": registry.describe_packages,
            "ListModelPackages": registry.list_packages,
            "UpdateModelPackage": registry.update_package,
            "DeleteModelPackage": registry.delete_package,
            "CreateModel": hosting.create_model,
            "DescribeModel": hosting.describe_model,
            "ListModels": hosting.list_models,
            "DeleteModel": hosting.delete_model,
            "CreateEndpointConfig": hosting.create_config,
            "DescribeEndpointConfig": hosting.describe_config,
            "ListEndpointConfigs": hosting.list_configs,
            "DeleteEndpointConfig": hosting.delete_config,
            "CreateEndpoint": endpoints.create,
            "UpdateEndpoint": endpoints.update,
            "UpdateEndpointWeightsAndCapacities": endpoints.update_weights,
            "DescribeEndpoint": endpoints.describe,
            "ListEndpoints": endpoints.list_all,
            "DeleteEndpoint": endpoints.delete,
            "AddTags": _add_tags,
            "DeleteTags": _delete_tags,
            "ListTags": _list_tags,
        }

    def answer(self, request: Request, caller: Caller, operation: str) -> Reply | None:
        """The reply to an operation known here; training, tuning and the rest stay moto's."""
        perform = self._operations.get(operation)
        if perform is None or (operation.endswith("Tags") and _kind(request.json.get("ResourceArn")) not in KINDS):
            return None
        held = self.store.of(caller.account, request.region)
        return json_reply(perform(held, request.json, caller))


def _tagged(held: Holdings, asked: dict[str, Any]) -> dict[str, str]:
    arn = str(asked.get("ResourceArn"))
    found = held.tags.get(arn)
    if found is None:
        raise invalid(f'Could not find {KINDS[_kind(arn)]} "{arn}".')
    return found


def _kind(arn: Any) -> str:
    parts = str(arn).split(":", 5)
    if len(parts) != 6 or parts[2] != "sagemaker":
        raise invalid(f"Invalid ARN: {arn}")
    return parts[5].partition("/")[0]


def _add_tags(held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
    found = _tagged(held, asked)
    found.update({tag["Key"]: tag["Value"] for tag in asked.get("Tags", [])})
    return {"Tags": _pairs(found)}


def _delete_tags(held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
    found = _tagged(held, asked)
    for key in asked.get("TagKeys", []):
        found.pop(key, None)
    return {}


def _list_tags(held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
    return {"Tags": _pairs(_tagged(held, asked))}


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
