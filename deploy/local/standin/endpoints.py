"""Endpoints: changes that take time, refuse company, and may end where they began without a reason."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

from . import bus, serving, traffic
from .alarms import Alarms
from .clock import Clock
from .hosting import find_config
from .identity import Caller
from .models import Fleet
from .shown import described, matches, summary
from .store import Config, Holdings, Sagemaker, check_name, page, read_tags
from .traffic import Watch
from .wire import invalid

EVENT = "SageMaker Endpoint State Change"
IN_PROGRESS = {"create": "Creating", "update": "Updating", "weights": "Updating", "delete": "Deleting"}


@dataclass
class Change:
    """What is under way: what it leads to, when its new fleet is up, when it ends and how."""

    kind: str
    fleet: Fleet | None
    variants: list[dict[str, Any]]
    started: float
    up: float
    ends: float
    watch: Watch
    outcome: str = "done"
    reason: str = ""
    by: str = ""


@dataclass
class Endpoint:
    """`fleet` is what serves now; while creating and after a failed creation there is none."""

    held: Holdings
    name: str
    arn: str
    created: float
    modified: float
    first: Config
    fleet: Fleet | None = None
    variants: list[dict[str, Any]] = field(default_factory=list)
    change: Change | None = None
    failure: str = ""
    failed: bool = False
    deployment: dict[str, Any] | None = None
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> str:
        if self.change:
            return IN_PROGRESS[self.change.kind]
        return "Failed" if self.failed else "InService"

    @property
    def config(self) -> Config:
        return self.fleet.config if self.fleet else self.first


class Endpoints:
    def __init__(self, sagemaker: Sagemaker, clock: Clock, alarms: Alarms) -> None:
        self._sagemaker = sagemaker
        self._clock = clock
        self._alarms = alarms

    def find(self, held: Holdings, name: Any) -> Endpoint:
        """The endpoint as it is now: a change whose time has come is carried out first."""
        key = str(name).lower()
        endpoint = held.endpoints.get(key)
        if endpoint:
            self._settle(endpoint)
            endpoint = held.endpoints.get(key)
        if endpoint is None:
            raise invalid(f'Could not find endpoint "{held.arn("endpoint", str(name))}".')
        return endpoint

    def create(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        name = check_name(asked.get("EndpointName"), "endpointName")
        arn = held.arn("endpoint", name)
        with held.lock:
            existing = held.endpoints.get(name.lower())
            if existing:
                self._settle(existing)
            if name.lower() in held.endpoints:
                raise invalid(f'Cannot create already existing endpoint "{arn}".')
            config = find_config(held, asked.get("EndpointConfigName"))
            at = held.now()
            endpoint = Endpoint(held, name, arn, at, at, config)
            variants = _variants(config)
            # There is no traffic to move yet, so it is only checked.
            traffic.plan(asked.get("DeploymentConfig"), variants, variants, False)
            held.endpoints[name.lower()] = endpoint
            held.tags[arn] = read_tags(asked)
            self._begin(endpoint, "create", Fleet(held, config), variants, caller.arn)
        return {"EndpointArn": arn}

    def update(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        with held.lock:
            endpoint = self._free(held, asked.get("EndpointName"))
            config = find_config(held, asked.get("EndpointConfigName"))
            if config.name == endpoint.config.name:
                raise invalid("You cannot update an endpoint with the current EndpointConfig.")
            variants = _variants(config)
            if asked.get("RetainAllVariantProperties"):
                excluded = asked.get("ExcludeRetainedVariantProperties") or []
                _retain(variants, endpoint.variants, {e.get("VariantPropertyType") for e in excluded})
            deployment = asked.get("DeploymentConfig")
            if asked.get("RetainDeploymentConfig"):
                deployment = deployment or endpoint.deployment
            falls_back = held.orders.get(endpoint.name.lower(), {}).get("fallBack", False)
            watch = traffic.plan(deployment, endpoint.variants, variants, falls_back)
            fleet = Fleet(held, config)
            if watch.alarms and not serving.may_hear(fleet.role, held.region):
                raise invalid(f"The role {fleet.role} is not allowed to read the alarms that roll an update back.")
            self._begin(endpoint, "update", fleet, variants, caller.arn, watch)
            endpoint.deployment = watch.shown
        return {"EndpointArn": endpoint.arn}

    def update_weights(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        with held.lock:
            endpoint = self._free(held, asked.get("EndpointName"))
            variants = [dict(variant) for variant in endpoint.variants]
            for wanted in asked.get("DesiredWeightsAndCapacities", []):
                found = [v for v in variants if v["VariantName"] == wanted.get("VariantName")]
                if not found:
                    raise invalid(f"Could not find variant {wanted.get('VariantName')} of endpoint {endpoint.arn}.")
                for key in ("DesiredWeight", "DesiredInstanceCount"):
                    found[0][key] = wanted.get(key, found[0][key])
            self._begin(endpoint, "weights", endpoint.fleet, variants, caller.arn)
        return {"EndpointArn": endpoint.arn}

    def delete(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        with held.lock:
            endpoint = self.find(held, asked.get("EndpointName"))
            if endpoint.change:
                raise _in_progress(endpoint)
            self._begin(endpoint, "delete", None, [], caller.arn)
        return {}

    def describe(self, held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
        with held.lock:
            return described(self.find(held, asked.get("EndpointName")))

    def list_all(self, held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
        with held.lock:
            for endpoint in list(held.endpoints.values()):
                self._settle(endpoint)
            found = [e for e in held.endpoints.values() if matches(e, asked)]
        keys = {"CreationTime": lambda e: e.created, "Name": lambda e: e.name, "Status": lambda e: e.status}
        shown, token = page(found, asked, keys)
        return {"Endpoints": [summary(e) for e in shown], **({"NextToken": token} if token else {})}

    def meddle(self, held: Holdings, name: str, seconds: float, config: str | None) -> Endpoint:
        """Somebody else's hand on the endpoint: an update by no one of ours, to a config or to no new one."""
        with held.lock:
            endpoint = self._free(held, name)
            fleet = Fleet(held, find_config(held, config)) if config else endpoint.fleet
            variants = _variants(fleet.config) if config and fleet else endpoint.variants
            held.orders.setdefault(endpoint.name.lower(), {}).setdefault("seconds", seconds)
            kind = "update" if config else "weights"
            self._begin(endpoint, kind, fleet, variants, f"arn:aws:iam::{held.account}:user/somebody-else")
        return endpoint

    def _free(self, held: Holdings, name: Any) -> Endpoint:
        """The endpoint, provided that nothing is under way and that it has not failed."""
        endpoint = self.find(held, name)
        if endpoint.change:
            raise _in_progress(endpoint)
        if endpoint.failed:
            raise invalid(f'Cannot update failed endpoint "{endpoint.arn}".')
        return endpoint

    def _begin(
        self,
        endpoint: Endpoint,
        kind: str,
        fleet: Fleet | None,
        variants: list[dict[str, Any]],
        by: str,
        watch: Watch | None = None,
    ) -> None:
        held = endpoint.held
        order = held.orders.pop(endpoint.name.lower(), {}) if kind != "delete" else {}
        seconds = float(order.get("seconds", self._sagemaker.update_seconds / (1 if kind != "delete" else 5)))
        now = time.time()
        outcome, reason = order.get("outcome", "done"), order.get("reason", "")
        watch = watch or Watch()
        up = now + seconds
        change = Change(kind, fleet, variants, now, up, up + watch.seconds, watch, outcome, reason, by)
        endpoint.change = change
        endpoint.modified = held.now()
        self._announce(endpoint)
        self._clock.at(change.ends, lambda: self._settle(endpoint))
        if watch.alarms:
            self._clock.at(up, lambda: self._listen(endpoint, change))

    def _listen(self, endpoint: Endpoint, change: Change) -> None:
        """Hear the alarms of an update while its traffic moves, though nobody looks at the endpoint."""
        self._settle(endpoint)
        if endpoint.change is change:
            self._clock.at(time.time() + 0.1, lambda: self._listen(endpoint, change))

    def _settle(self, endpoint: Endpoint) -> None:
        with endpoint.held.lock:
            change, now = endpoint.change, time.time()
            if change is None:
                return
            held = endpoint.held
            alarm = change.up <= now and self._alarms.rings(held.account, held.region, change.watch.alarms)
            if now < change.ends and not alarm:
                return
            before = endpoint.config.name if endpoint.fleet else None
            outcome, reason = ("rollback", "") if alarm else (change.outcome, change.reason)
            if outcome == "done" and change.fleet and change.fleet is not endpoint.fleet:
                problem = change.fleet.start()
                if problem:
                    # A first fleet that cannot start fails; a later one leaves the old fleet, and no reason.
                    outcome, reason = ("fail", problem) if change.kind == "create" else ("rollback", "")
            endpoint.change = None
            endpoint.modified = endpoint.held.now()
            self._conclude(endpoint, change, outcome, reason)
            after = change.fleet.config.name if change.fleet else None
            endpoint.history.append(
                {
                    "kind": change.kind,
                    "from": before,
                    "to": after,
                    "started": change.started,
                    "ended": time.time(),
                    "outcome": outcome,
                    "reason": reason,
                    "by": change.by,
                    "traffic": change.watch.type,
                }
            )
            if change.kind != "delete":
                self._announce(endpoint)

    def _conclude(self, endpoint: Endpoint, change: Change, outcome: str, reason: str) -> None:
        held = endpoint.held
        if change.kind == "delete":
            held.endpoints.pop(endpoint.name.lower(), None)
            held.tags.pop(endpoint.arn, None)
        elif outcome == "done":
            endpoint.fleet = change.fleet
            endpoint.failure = ""
            endpoint.variants = [
                {**v, "CurrentWeight": v["DesiredWeight"], "CurrentInstanceCount": v["DesiredInstanceCount"]}
                for v in change.variants
            ]
        elif outcome == "fail" and change.kind == "create":
            endpoint.failed, endpoint.failure = (
                True,
                reason or "The primary container did not pass the ping health check.",
            )
        elif outcome == "fail":
            # A failed update, unlike a silent rollback, leaves its reason on the endpoint that still serves.
            endpoint.failure = reason
        elif change.kind == "create":
            endpoint.failed, endpoint.failure = True, reason

    def _announce(self, endpoint: Endpoint) -> None:
        held = endpoint.held
        status = re.sub(r"(?<!^)(?=[A-Z])", "_", endpoint.status).upper()
        detail = {
            "EndpointName": endpoint.name,
            "EndpointArn": endpoint.arn,
            "EndpointConfigName": endpoint.config.name,
            "ProductionVariants": [
                {"DesiredWeight": v["DesiredWeight"], "DesiredInstanceCount": v["DesiredInstanceCount"]}
                for v in endpoint.variants
            ],
            "EndpointStatus": status,
            "CreationTime": endpoint.created * 1000,
            "LastModifiedTime": endpoint.modified * 1000,
            "Tags": dict(held.tags.get(endpoint.arn, {})),
        }
        if endpoint.failure:
            detail["FailureReason"] = endpoint.failure
        bus.emit(held.account, held.region, EVENT, [endpoint.arn], detail)


def _in_progress(endpoint: Endpoint) -> Exception:
    return invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def _variants(config: Config) -> list[dict[str, Any]]:
    """An endpoint's variants as a configuration first sizes them."""
    return [
        {
            "VariantName": v["VariantName"],
            "DesiredWeight": float(v.get("InitialVariantWeight", 1.0)),
            "DesiredInstanceCount": v.get("InitialInstanceCount", 0),
        }
        for v in config.variants
    ]


def _retain(variants: list[dict[str, Any]], live: list[dict[str, Any]], excluded: set[Any]) -> None:
    """Keep the counts and weights in force, for the variants whose names stay."""
    kept = {v["VariantName"]: v for v in live}
    for variant in variants:
        for key in {"DesiredWeight", "DesiredInstanceCount"} - excluded:
            variant[key] = kept.get(variant["VariantName"], variant)[key]
