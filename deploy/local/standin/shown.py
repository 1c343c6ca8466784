"""Endpoints as DescribeEndpoint and ListEndpoints show them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .endpoints import Endpoint


def described(endpoint: Endpoint) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config.name,
        "EndpointStatus": endpoint.status,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
    }
    if endpoint.fleet:
        shown["ProductionVariants"] = [
            {**v, "DeployedImages": endpoint.fleet.images(v["VariantName"])} for v in endpoint.variants
        ]
    if endpoint.failure:
        shown["FailureReason"] = endpoint.failure
    if endpoint.deployment:
        shown["LastDeploymentConfig"] = endpoint.deployment
    change = endpoint.change
    if change and change.kind in ("create", "update") and change.fleet:
        status = "Creating" if time.time() < change.up else "Baking"
        shown["PendingDeploymentSummary"] = {
            "EndpointConfigName": change.fleet.config.name,
            "StartTime": change.started,
            "ProductionVariants": [
                {**v, "VariantStatus": [{"Status": status, "StartTime": change.started}]} for v in change.variants
            ],
        }
    return shown


def summary(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
        "EndpointStatus": endpoint.status,
    }


def matches(endpoint: Endpoint, asked: dict[str, Any]) -> bool:
    always = float("inf")
    return (
        asked.get("NameContains", "").lower() in endpoint.name.lower()
        and asked.get("StatusEquals") in (None, endpoint.status)
        and asked.get("CreationTimeAfter", 0) < endpoint.created < asked.get("CreationTimeBefore", always)
        and asked.get("LastModifiedTimeAfter", 0) < endpoint.modified < asked.get("LastModifiedTimeBefore", always)
    )
