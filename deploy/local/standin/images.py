"""ECR's repositories, which accounts read in each other's registries where the repository's policy lets them."""

from __future__ import annotations

from moto.ecr.models import ecr_backends

from . import moto_app, policy
from .identity import Caller
from .wire import AWSError, Reply, Request


def answer(request: Request, caller: Caller, operation: str) -> Reply | None:
    registry = request.json.get("registryId", caller.account)
    name = request.json.get("repositoryName")
    if registry == caller.account or not name or registry not in ecr_backends:
        return None
    held = ecr_backends[registry][request.region].repositories.get(name)
    document = held.policy if held else None
    if held and not policy.allows(document, caller, f"ecr:{operation}", held.arn, {}):
        text = f"User: {caller.arn} is not authorized to perform: ecr:{operation} on resource: {held.arn}"
        raise AWSError("AccessDeniedException", text, 400)
    return moto_app.perform(request, registry)
