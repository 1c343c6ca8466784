"""The control API under /_local/: what tests and the demo ask of the stand-in itself, never of AWS.

It takes and answers JSON and wants no signature. A mistake in a request is a 400 that says what is wrong.

POST worlds            registry, accounts [{name, account, region?, queue?}], groups, externalId, region?,
                       versioning?, owner?; queue true gives an account a queue of its own
     identities        account, name, session?              a user's keys, made if need be, or a session's of theirs
     artifacts         bucket, key, model {…} | base64, padding?, size? (zeros up to that, which nobody stores)
     register          account, group, coefficients, intercept?, approve?, bucket?, size?, by?
     packages          account, group, url, image?, environment?, status?, modelPackageStatus?, containers?,
                       description?
     packages/status   arn, status?, description?, quietly?, modelPackageStatus?, by? (the id of who did it)
     packages/delete   arn
     packages/announce arn, times?                          the same event again, with one id
     subscriptions     account, source, region?             a queue that hears the account's default bus
     messages          queueUrl, body | base64 | bodies [body], sender?, delaySeconds?, times?
     messages/return   queueUrl, elsewhere?                 what is in flight comes back now, as if somebody else
                       had then received it and given it up
     faults            match (regex on service.Operation), account?, subject?, status?, code?, message?, times?,
                       delaySeconds?, when? instead | after | drop-before | drop-after | half | hold-before |
                       hold-after | refuse (shut the door, see below) | entry (the first of a batch), skip? (so many
                       calls first), clockSeconds? (by which a refusal's Date is off)
     faults/ID/release                                      let a held reply go
     throttle          account, match, perSecond (none: free again), burst?
     endpoints/next    account, endpoint, outcome done | rollback | fail, reason?, seconds?, fallBack? (the traffic
                       moves all at once, whatever was asked)
     endpoints/update  account, endpoint, seconds?, config? somebody else's update
     endpoints/create  account, endpoint, url, seconds?     somebody else's endpoint, with one model and no tags;
                       model?, config?, variant? {…}        members of theirs, of CreateModel and CreateEndpointConfig
     tags              account, config, tags {…}            somebody else's hand on a config's tags
     endpoints/scale   account, endpoint, count             as automatic scaling would, at once
     endpoints/loading account, endpoint, target?, invocations?, seconds? a model not ready at first in each fleet
     alarms            account, name, state OK | ALARM | INSUFFICIENT_DATA, region?, composite?
                       an alarm in that state, made if need be
     invoke            account, endpoint, target?, body, contentType?
     sessions          account, seconds                     sessions assumed from now on last so long
     sessions/expire   account?, accessKeyId?               end sessions now
     clock             accounts, seconds                    by which AWS's clock is ahead for their callers
     doors                                                  one more address of this stand-in, which a fault shuts:
     doors/PORT/open                                        connections are cut and refused until this is asked
     clear-calls       account?
     policies/enforce  accounts, on? (default), organization? from now on everybody in these accounts may do what
                       their policies say, and no more; otherwise everybody may do everything there
     policies          account, holder, name?, kind, document: put in a policy's place, as GET policies shows it
     administrators    account                              the keys of a user who may do everything
     roles/session     roleArn, service, session            what a role hands to a service that it trusts
     aws               account, service, operation, input?, region?  one call of AWS's own API as the account's
                       administrator; `input` as boto3 takes it
     organizations/accounts  management, account, name?, parent? (else its root), state? (else ACTIVE)
                       this very account joins the organization of that one; all else about organizations is AWS's
                       own API, called with `aws` as the management account's administrator at region us-east-1
     quotas            account, name, value, region?        a quota of SageMaker's, such as "ml.m5.large for endpoint
                       usage"; of the usual instances there are 20
GET  calls?account=&since= · calls/counts?account= · faults · throttle?account= ·
     policies?account= · policies/refusals?account=&since= · logs?account=&group= ·
     endpoints/ACCOUNT/NAME · invocations?account=&endpoint=&target= ·
     objects?bucket=&prefix= · uploads?bucket=&prefix= · queues?queueUrl= · health
DELETE faults/ID · doors/PORT
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from moto.logs.models import logs_backends

from . import administrator, authority, models, objects, organizations, policies, quotas, serving, shapes, sqs
from .alarms import Alarms
from .calls import Calls
from .faults import Faults
from .identity import Identities
from .mailbox import Message
from .parts import uploads
from .runtime import Runtime
from .sagemaker import Service
from .store import Holdings
from .sts import TokenService
from .throttle import Throttle
from .wire import AWSError, Reply, Request
from .worlds import Worlds, insider

if TYPE_CHECKING:
    from .server import Doors

IMAGE = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/linear:1"
Asked = dict[str, Any]


class Control:
    def __init__(
        self,
        worlds: Worlds,
        sagemaker: Service,
        alarms: Alarms,
        runtime: Runtime,
        faults: Faults,
        throttle: Throttle,
        calls: Calls,
        identities: Identities,
        tokens: TokenService,
        doors: Doors,
    ) -> None:
        self._worlds = worlds
        self._sagemaker = sagemaker
        self._alarms = alarms
        self._runtime = runtime
        self._faults = faults
        self._throttle = throttle
        self._calls = calls
        self._identities = identities
        self._tokens = tokens
        self._doors = doors
        self._posts: dict[str, Callable[[Asked], Any]] = {
            "worlds": worlds.create,
            "identities": self._identity,
            "artifacts": self._artifact,
            "register": self._register,
            "packages": self._package,
            "packages/status": self._package_status,
            "packages/delete": self._package_delete,
            "packages/announce": self._announce,
            "subscriptions": self._subscribe,
            "messages": self._message,
            "messages/return": self._return,
            "faults": lambda asked: self._faults.add(asked).shown(),
            "throttle": self._set_rate,
            "endpoints/next": self._next,
            "endpoints/update": self._meddle,
            "endpoints/create": self._squat,
            "endpoints/scale": self._scale,
            "tags": self._tag,
            "alarms": self._alarm,
            "endpoints/loading": self._slow_down,
            "invoke": self._invoke,
            "sessions": self._session_seconds,
            "sessions/expire": self._expire,
            "clock": self._set_clock,
            "doors": lambda _: {"url": f"http://127.0.0.1:{self._doors.open()}"},
            "clear-calls": self._clear,
            "policies": policies.put,
            "policies/enforce": policies.enforce,
            "administrators": lambda asked: worlds.administrator(asked["account"]),
            "roles/session": policies.session(tokens),
            "aws": lambda asked: administrator.perform(worlds, worlds.base_url, asked),
            "organizations/accounts": organizations.enlist,
            "quotas": quotas.put,
        }

    def answer(self, request: Request) -> Reply:
        path = request.path.removeprefix("/_local/").strip("/")
        try:
            if request.method == "POST" and path in self._posts:
                return _json(self._posts[path](request.json))
            found = self._look(request.method, path.split("/"), request.query)
            if found is not None:
                return _json(found)
        except AWSError as error:
            return _json({"error": error.message, "code": error.code}, 400)
        except KeyError as error:
            return _json({"error": f"missing or unknown: {error}"}, 400)
        except (ValueError, TypeError) as error:
            return _json({"error": str(error)}, 400)
        return _json({"error": f"no such thing: {request.method} {request.path}", "known": __doc__}, 404)

    def _look(self, method: str, parts: list[str], query: dict[str, str]) -> Any:
        account = query.get("account")
        if method == "POST" and parts[0] == "faults" and parts[2:] == ["release"]:
            return self._faults.release(parts[1]).shown()
        if method == "DELETE" and parts[0] == "faults" and len(parts) == 2:
            return self._faults.remove(parts[1]).shown()
        if method == "POST" and parts[0] == "doors" and parts[2:] == ["open"]:
            self._doors.open_again(int(parts[1]))
            return {}
        if method == "DELETE" and parts[0] == "doors" and len(parts) == 2:
            self._doors.close(int(parts[1]))
            return {}
        if method != "GET":
            return None
        if parts == ["health"]:
            return {"standIn": True}
        if parts == ["faults"]:
            return self._faults.all()
        if parts == ["throttle"]:
            return self._throttle.shown(query["account"])
        if parts == ["calls"]:
            return self._calls.since(account, int(query.get("since", "0")))
        if parts == ["calls", "counts"]:
            return self._calls.counts(account)
        if parts == ["invocations"]:
            return self._runtime.asked(query["account"], query["endpoint"], query.get("target"))
        if parts == ["policies"]:
            return policies.of(query["account"], query.get("region", "eu-west-1"))
        if parts == ["policies", "refusals"]:
            return authority.refusals(account, int(query.get("since", "0")))
        if parts == ["logs"]:
            return _logged(query["account"], query.get("region", "eu-west-1"), query["group"])
        if parts == ["objects"]:
            return _objects(query["bucket"], query.get("prefix", ""))
        if parts == ["uploads"]:
            found = uploads(query["bucket"], query.get("prefix", ""))
            return [{"key": upload.key_name, "id": upload.id, "parts": sorted(upload.parts)} for upload in found]
        if parts == ["queues"]:
            return _queue(query["queueUrl"], query.get("region", "eu-west-1"))
        if parts[0] == "endpoints" and len(parts) == 3:
            return self._endpoint(parts[1], parts[2])
        return None

    def _identity(self, asked: Asked) -> Any:
        keys = self._worlds.user(asked["account"], asked["name"])
        caller = self._identities.claimed(keys["accessKeyId"])
        if not asked.get("session") or caller is None:
            return keys
        caller = replace(
            caller,
            access_key="ASIA" + secrets.token_hex(8).upper(),
            secret=secrets.token_urlsafe(30),
            token=secrets.token_urlsafe(300),
        )
        self._identities.add(caller)
        own = {"accessKeyId": caller.access_key, "secretAccessKey": caller.secret, "sessionToken": caller.token}
        return {**keys, **own}

    # Artifacts, packages and messages.

    def _artifact(self, asked: Asked) -> Asked:
        if "base64" in asked:
            content = base64.b64decode(asked["base64"])
        else:
            content = models.archive(asked["model"], int(asked.get("padding", 0)))
        key = objects.put(asked["bucket"], asked["key"], content)
        if asked.get("size", 0) > len(content):
            objects.stretch(key, asked["size"])
        return {
            "url": f"s3://{asked['bucket']}/{asked['key']}",
            "etag": key.etag,
            "sha256": objects.sha256(key),
            "size": key.size,
            "versionId": None if key.version_id == "null" else key.version_id,
        }

    def _register(self, asked: Asked) -> Asked:
        """Make a linear model's archive, store it among the artifacts and register it as the next version."""
        account, group = asked["account"], asked["group"]
        held = self._sagemaker.store.of(account, asked.get("region", "eu-west-1"))
        if group.lower() not in held.groups:
            raise KeyError(f"model package group {group}")
        version = held.groups[group.lower()].versions + 1
        model = {key: asked[key] for key in ("coefficients", "intercept") if key in asked}
        bucket = asked.get("bucket", f"acme-artifacts-{account}")
        made = self._artifact(
            {
                "bucket": bucket,
                "key": f"{group}/{version}/model.tar.gz",
                "model": {"model": group, "version": version, **model},
                "size": asked.get("size", 0),
            }
        )
        package = self._package({**asked, "url": made["url"]})
        if asked.get("approve"):
            by = {"by": asked["by"]} if "by" in asked else {}
            self._package_status({"arn": package["arn"], "status": "Approved", **by})
        return {**package, **made}

    def _package(self, asked: Asked) -> Asked:
        held = self._sagemaker.store.of(asked["account"], asked.get("region", "eu-west-1"))
        container = {"Image": asked.get("image", IMAGE), "ModelDataUrl": asked["url"]}
        if "environment" in asked:
            container["Environment"] = asked["environment"]
        specification = {
            "Containers": [dict(container) for _ in range(asked.get("containers", 1))],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["application/json"],
        }
        package = {
            "ModelPackageGroupName": asked["group"],
            "InferenceSpecification": specification,
            "ModelApprovalStatus": asked.get("status", "PendingManualApproval"),
            **({"ModelPackageDescription": asked["description"]} if "description" in asked else {}),
        }
        made = self._sagemaker.registry.create_package(held, package, insider(asked["account"]))
        arn = made["ModelPackageArn"]
        if "modelPackageStatus" in asked:
            self._sagemaker.registry.set_status(arn, asked["modelPackageStatus"])
        return {"arn": arn, "version": int(arn.rpartition("/")[2])}

    def _package_status(self, asked: Asked) -> Asked:
        held, caller = self._inside(asked["arn"])
        caller = replace(caller, user_id=asked.get("by", caller.user_id))
        update = {"ModelPackageArn": asked["arn"]}
        if "status" in asked:
            update["ModelApprovalStatus"] = asked["status"]
        if "description" in asked:
            update["ApprovalDescription"] = asked["description"]
        if "modelPackageStatus" in asked:
            self._sagemaker.registry.set_status(asked["arn"], asked["modelPackageStatus"])
        self._sagemaker.registry.update_package(held, update, caller, quietly=bool(asked.get("quietly")))
        return {"arn": asked["arn"], "lastModifiedTime": held.packages[asked["arn"]].modified}

    def _package_delete(self, asked: Asked) -> Asked:
        held, caller = self._inside(asked["arn"])
        self._sagemaker.registry.delete_package(held, {"ModelPackageName": asked["arn"]}, caller)
        return {"arn": asked["arn"]}

    def _announce(self, asked: Asked) -> Asked:
        self._sagemaker.registry.announce(asked["arn"], int(asked.get("times", 1)))
        return {"arn": asked["arn"]}

    def _inside(self, arn: str) -> tuple[Holdings, Any]:
        held = self._sagemaker.store.by_arn(arn)
        return held, insider(held.account)

    def _subscribe(self, asked: Asked) -> Asked:
        return {"queueUrl": self._worlds.hear(asked["account"], asked.get("region", "eu-west-1"), asked["source"])}

    def _message(self, asked: Asked) -> Asked:
        # Bytes that are not UTF-8 stay as they are, for tests of what a worker does with them.
        raw = base64.b64decode(asked.get("base64", ""))
        body = asked["body"] if "body" in asked else raw.decode("utf-8", "surrogateescape")
        box = sqs.mailbox(sqs.find(asked["queueUrl"], asked.get("region", "eu-west-1")))
        message_ids = []
        for _ in range(int(asked.get("times", 1))):
            for text in asked.get("bodies", [body]):
                message = Message(text, asked.get("sender", sqs.EVENTBRIDGE_SENDER))
                box.send(message, float(asked.get("delaySeconds", 0)))
                message_ids.append(message.id)
        return {"messageId": message_ids[-1], "count": len(message_ids)}

    def _return(self, asked: Asked) -> Asked:
        box = sqs.mailbox(sqs.find(asked["queueUrl"], asked.get("region", "eu-west-1")))
        box.surface(bool(asked.get("elsewhere")))
        return {"visible": box.counts()[0]}

    def _set_rate(self, asked: Asked) -> Any:
        self._throttle.set(asked["account"], asked["match"], asked.get("perSecond"), asked.get("burst"))
        return self._throttle.shown(asked["account"])

    # Endpoints.

    def _held(self, account: str, name: str) -> Holdings:
        for held in self._sagemaker.store.regions(account):
            if name.lower() in held.endpoints:
                return held
        raise KeyError(f"endpoint {name} in account {account}")

    def _next(self, asked: Asked) -> Asked:
        """Order how the endpoint's next creation or update goes; the endpoint need not exist yet."""
        outcome = asked.get("outcome", "done")
        if outcome not in ("done", "rollback", "fail"):
            raise ValueError("outcome is done, rollback or fail")
        held = self._sagemaker.store.of(asked["account"], asked.get("region", "eu-west-1"))
        order = {"outcome": outcome, "reason": asked.get("reason", ""), "fallBack": bool(asked.get("fallBack"))}
        if "seconds" in asked:
            order["seconds"] = float(asked["seconds"])
        held.orders[asked["endpoint"].lower()] = order
        return order

    def _meddle(self, asked: Asked) -> Asked:
        held = self._held(asked["account"], asked["endpoint"])
        seconds = float(asked.get("seconds", self._sagemaker.store.update_seconds))
        endpoint = self._sagemaker.endpoints.meddle(held, asked["endpoint"], seconds, asked.get("config"))
        return {"status": endpoint.status}

    def _tag(self, asked: Asked) -> Asked:
        """Somebody else's hand on the tags of an endpoint config."""
        held = self._sagemaker.store.of(asked["account"], asked.get("region", "eu-west-1"))
        tags = held.tags[held.arn("endpoint-config", asked["config"])]
        tags.update(asked["tags"])
        return dict(tags)

    def _squat(self, asked: Asked) -> Asked:
        """Somebody else's endpoint under a name, made by hand and without tags."""
        account, name = asked["account"], asked["endpoint"]
        held, caller = self._sagemaker.store.of(account, asked.get("region", "eu-west-1")), insider(account)
        theirs = f"{name}-by-hand"
        role = self._worlds.role(account, "somebody-else", {"Service": "sagemaker.amazonaws.com"})
        container = {"Image": IMAGE, "ModelDataUrl": asked["url"]}
        model = {"ModelName": theirs, "ExecutionRoleArn": role, "PrimaryContainer": container, **asked.get("model", {})}
        variant = {"VariantName": "AllTraffic", "ModelName": theirs, **asked.get("variant", {})}
        if "ServerlessConfig" not in variant:
            variant = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1, **variant}
        config = {"EndpointConfigName": theirs, "ProductionVariants": [variant], **asked.get("config", {})}
        shapes.check("sagemaker", "CreateModel", model)
        shapes.check("sagemaker", "CreateEndpointConfig", config)
        self._sagemaker.hosting.create_model(held, model, caller)
        self._sagemaker.hosting.create_config(held, config, caller)
        if "seconds" in asked:
            held.orders[name.lower()] = {"seconds": float(asked["seconds"])}
        self._sagemaker.endpoints.create(held, {"EndpointName": name, "EndpointConfigName": theirs}, caller)
        return {"config": theirs}

    def _scale(self, asked: Asked) -> Asked:
        held = self._held(asked["account"], asked["endpoint"])
        with held.lock:
            endpoint = self._sagemaker.endpoints.find(held, asked["endpoint"])
            for variant in endpoint.variants:
                variant["DesiredInstanceCount"] = variant["CurrentInstanceCount"] = int(asked["count"])
        return {"variants": endpoint.variants}

    def _slow_down(self, asked: Asked) -> Asked:
        order = {key: asked[key] for key in ("invocations", "seconds") if key in asked}
        self._runtime.slow_down(asked["account"], asked["endpoint"], asked.get("target", ""), order)
        return order

    def _endpoint(self, account: str, name: str) -> Asked:
        held = self._held(account, name)
        with held.lock:
            endpoint = self._sagemaker.endpoints.find(held, name)
            fleet, change = endpoint.fleet, endpoint.change
        variant = fleet.config.variants[0] if fleet else {}
        targets = {}
        if fleet:
            loaded = fleet.loaded()
            for target in sorted({*fleet.targets(), *loaded}):
                targets[target] = _served(fleet, variant["VariantName"], target, target in loaded)
        return {
            "name": endpoint.name,
            "account": account,
            "status": endpoint.status,
            "failureReason": endpoint.failure,
            "config": endpoint.config.name,
            "pendingConfig": change.fleet.config.name if change and change.fleet else None,
            "model": variant.get("ModelName"),
            "modelDataUrl": fleet.url(variant["VariantName"], None) if fleet else None,
            "variants": endpoint.variants,
            "traffic": endpoint.deployment,
            "asked": {"config": fleet.config.asked, "model": fleet.model_asked()} if fleet else None,
            "tags": dict(held.tags.get(endpoint.arn, {})),
            "writes": serving.writes(fleet.role, endpoint.name, held.region) if fleet and fleet.role else None,
            "targets": targets,
            "history": endpoint.history,
        }

    def _alarm(self, asked: Asked) -> Any:
        region, composite = asked.get("region", "eu-west-1"), bool(asked.get("composite"))
        return self._alarms.put(asked["account"], region, asked["name"], asked["state"], composite)

    def _invoke(self, asked: Asked) -> Any:
        headers = {"content-type": asked.get("contentType", "text/csv")}
        if asked.get("target"):
            headers["x-amzn-sagemaker-target-model"] = asked["target"]
        path = f"/endpoints/{asked['endpoint']}/invocations"
        request = Request("POST", path, headers, asked["body"].encode(), region=asked.get("region", "eu-west-1"))
        return json.loads(self._runtime.invoke(request, insider(asked["account"])).body)

    # Sessions and calls.

    def _session_seconds(self, asked: Asked) -> Asked:
        self._tokens.shorten(asked["account"], asked.get("seconds"))
        return asked

    def _expire(self, asked: Asked) -> Asked:
        return {"expired": self._identities.expire(asked.get("account"), asked.get("accessKeyId"))}

    def _set_clock(self, asked: Asked) -> Asked:
        self._identities.set_clock(asked["accounts"], float(asked["seconds"]))
        return asked

    def _clear(self, asked: Asked) -> Asked:
        self._calls.clear(asked.get("account"))
        return {}


def _logged(account: str, region: str, group: str) -> list[Any]:
    """The events that a rule put into a log group."""
    held = logs_backends[account][region].groups[group]
    return [json.loads(event.message) for stream in held.streams.values() for event in stream.events]


def _objects(bucket: str, prefix: str) -> Asked:
    """What lies in a bucket, by key."""
    found = {}
    for key, etag in objects.below(f"s3://{bucket}/{prefix}"):
        held = objects.get(bucket, prefix + key)
        if held is not None:
            found[prefix + key] = {"etag": etag.strip('"'), "sha256": objects.sha256(held), "size": held.size}
    return found


def _queue(url: str, region: str) -> Asked:
    """What is in a queue, seen without receiving it."""
    box = sqs.mailbox(sqs.find(url, region))
    visible, in_flight, delayed = box.counts()
    messages = [{"body": m.body, "sender": m.sender, "receives": m.receives} for m in box.peek()]
    return {"visible": visible, "inFlight": in_flight, "delayed": delayed, "messages": messages}


def _served(fleet: models.Fleet, variant: str, target: str, in_memory: bool) -> Asked:
    """What a target model answers with: what is in memory, or else what would be loaded now."""
    try:
        if in_memory:
            model = fleet.loaded()[target]
        else:
            found = objects.read(fleet.url(variant, target or None))
            if found is None:
                return {"error": "there is no object"}
            model = models.load(found)
    except models.Unreadable as error:
        return {"error": str(error)}
    return {
        "sha256": model.sha256,
        "etag": model.etag,
        "model": model.document.get("model"),
        "version": model.document.get("version"),
        "inMemory": in_memory,
    }


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(status, {"content-type": "application/json"}, json.dumps(value).encode())
