"""Whole made-up organisations on request: a registry account, deployment accounts and the people in them."""

from __future__ import annotations

import json
import threading
from typing import Any

from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from .identity import Caller
from .sagemaker import Service

WORKER = "sluice-worker"
PEOPLE = {"releaseManager": "release-manager", "dataScientist": "data-scientist", "stranger": "stranger"}
PACKAGE_EVENT = "SageMaker Model Package State Change"
ENDPOINT_EVENT = "SageMaker Endpoint State Change"
EVERYTHING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


def insider(account: str) -> Caller:
    """Someone inside an account, for what the control API does there itself."""
    arn = f"arn:aws:iam::{account}:root"
    return Caller(account, arn, account, "", "")


class Worlds:
    """Making a world twice adds what is new and leaves what is there, keys included."""

    def __init__(self, sagemaker: Service, base_url: str) -> None:
        self._sagemaker = sagemaker
        self.base_url = base_url
        self._lock = threading.Lock()
        self._users: dict[tuple[str, str], dict[str, str]] = {}
        self._readers: dict[tuple[str, str], dict[str, None]] = {}

    def create(self, asked: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            return self._create(asked)

    def _create(self, asked: dict[str, Any]) -> dict[str, Any]:
        registry, region = asked["registry"], asked.get("region", "eu-west-1")
        owner = asked.get("owner", "acme")
        accounts = asked.get("accounts", [])
        artifacts = f"{owner}-artifacts-{registry}"
        worker = self._user(registry, WORKER)
        queue_arn, dead_arn = self._queues(registry, region)
        shown = [self._account(a, owner, region, worker, asked.get("externalId"), queue_arn) for a in accounts]
        _bucket(registry, region, artifacts, asked.get("versioning", False))
        _share(registry, artifacts, [a["roleArn"] for a in shown])
        _rule(registry, region, "sluice-model-packages", PACKAGE_EVENT, queue_arn)
        _rule(registry, region, "sluice-endpoints", ENDPOINT_EVENT, queue_arn)
        for group in asked.get("groups", []):
            self._group(registry, region, group, [a["account"] for a in accounts])
        people = {key: self._user(registry, name) for key, name in PEOPLE.items()}
        managers = _role(registry, "release-managers", _trust({"AWS": f"arn:aws:iam::{registry}:root"}, None))
        return {
            "region": region,
            "registry": registry,
            "queueUrl": f"{self.base_url}/{registry}/sluice",
            "queueArn": queue_arn,
            "deadLetterQueueUrl": f"{self.base_url}/{registry}/sluice-dead",
            "deadLetterQueueArn": dead_arn,
            "artifactBucket": artifacts,
            "externalId": asked.get("externalId"),
            "accounts": shown,
            "identities": {"worker": worker, **people},
            "roles": {"releaseManagers": {"arn": managers.arn, "id": managers.id}},
        }

    def _account(
        self, asked: dict[str, Any], owner: str, region: str, worker: dict[str, str], external: str | None, queue: str
    ) -> dict[str, Any]:
        account, name, region = asked["account"], asked["name"], asked.get("region", region)
        bucket = f"{owner}-{name}-models-{account}"
        own_worker = self._user(account, WORKER)
        trusted = [worker["arn"], own_worker["arn"]] if asked.get("queue") else worker["arn"]
        deploy = _role(account, "sluice-deploy", _trust({"AWS": trusted}, external))
        execution = _role(account, f"sagemaker-role-{name}", _trust({"Service": "sagemaker.amazonaws.com"}, None))
        _bucket(account, region, bucket, False)
        own: dict[str, str] = {}
        if asked.get("queue"):
            # An account with a worker of its own hears of its endpoints there.
            queue, _ = self._queues(account, region)
            own = {"queueUrl": f"{self.base_url}/{account}/sluice", "queueArn": queue}
        _rule(account, region, "sluice-endpoints", ENDPOINT_EVENT, queue)
        return {
            **own,
            "name": name,
            "account": account,
            "region": region,
            "roleArn": deploy.arn,
            "roleId": deploy.id,
            "executionRoleArn": execution.arn,
            "modelsBucket": bucket,
            "models": f"s3://{bucket}/models/",
            "identity": own_worker,
        }

    def user(self, account: str, name: str) -> dict[str, str]:
        with self._lock:
            return self._user(account, name)

    def administrator(self, account: str) -> dict[str, str]:
        """A user who may do everything in an account that is held to its policies."""
        with self._lock:
            keys = self._user(account, "administrator")
            iam_backends[account]["aws"].put_user_policy("administrator", "everything", EVERYTHING)
            return keys

    def role(self, account: str, name: str, principal: dict[str, str]) -> str:
        """The ARN of a role that trusts a principal, made if need be."""
        with self._lock:
            return str(_role(account, name, _trust(principal, None)).arn)

    def hear(self, account: str, region: str, source: str) -> str:
        """The URL of a queue that receives what a source puts on the account's default bus, made if need be."""
        with self._lock:
            queues, name = sqs_backends[account][region], f"heard-{source}"
            if name not in queues.queues:
                arn = queues.create_queue(name).queue_arn
                events = events_backends[account][region]
                events.put_rule(name, event_pattern=json.dumps({"source": [source]}), state="ENABLED")
                events.put_targets(name, None, [{"Id": "heard", "Arn": arn}])
            return f"{self.base_url}/{account}/{name}"

    def _user(self, account: str, name: str) -> dict[str, str]:
        """A user's keys and the id SQS shows for it; the same on every call."""
        if (account, name) not in self._users:
            iam = iam_backends[account]["aws"]
            user = iam.users.get(name) or iam.create_user("us-east-1", name)
            key = iam.create_access_key(name)
            self._users[account, name] = {
                "accessKeyId": key.access_key_id,
                "secretAccessKey": key.secret_access_key,
                "userId": user.id,
                "arn": user.arn,
                "account": account,
            }
        return self._users[account, name]

    def _queues(self, account: str, region: str) -> tuple[str, str]:
        queues = sqs_backends[account][region]
        if "sluice" not in queues.queues:
            dead = queues.create_queue("sluice-dead", MessageRetentionPeriod="1209600")
            redrive = json.dumps({"deadLetterTargetArn": dead.queue_arn, "maxReceiveCount": 10})
            queues.create_queue("sluice", RedrivePolicy=redrive, VisibilityTimeout="30")
        return queues.queues["sluice"].queue_arn, queues.queues["sluice-dead"].queue_arn

    def _group(self, account: str, region: str, name: str, readers: list[str]) -> None:
        held = self._sagemaker.store.of(account, region)
        caller = insider(account)
        if name.lower() not in held.groups:
            self._sagemaker.registry.create_group(held, {"ModelPackageGroupName": name}, caller)
        known = self._readers.setdefault((account, name.lower()), {})
        known.update(dict.fromkeys(readers))
        if not known:
            return
        resources = [held.arn("model-package-group", name), held.arn("model-package", name) + "/*"]
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:aws:iam::{reader}:root" for reader in known]},
            "Action": [
                "sagemaker:DescribeModelPackageGroup",
                "sagemaker:DescribeModelPackage",
                "sagemaker:ListModelPackages",
                "sagemaker:CreateModel",
            ],
            "Resource": resources,
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        asked = {"ModelPackageGroupName": name, "ResourcePolicy": document}
        self._sagemaker.registry.put_policy(held, asked, caller)


def _trust(principal: dict[str, Any], external: str | None) -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    if external:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _role(account: str, name: str, trust: str) -> Any:
    iam = iam_backends[account]["aws"]
    for found in iam.roles.values():
        if found.name == name:
            return found
    return iam.create_role(name, trust, "/", None, "", [], "43200")


def _bucket(account: str, region: str, name: str, versioned: bool) -> None:
    buckets = s3_backends[account]["aws"]
    if name not in buckets.buckets:
        buckets.create_bucket(name, region)
    if versioned:
        buckets.put_bucket_versioning(name, "Enabled")


def _share(account: str, bucket: str, roles: list[str]) -> None:
    """Let the deployment roles, those of earlier calls included, read the artifacts."""
    held = s3_backends[account]["aws"].buckets[bucket]
    if held.policy:
        known = json.loads(held.policy)["Statement"][0]["Principal"]["AWS"]
        roles = [*known, *(r for r in roles if r not in known)]
    if not roles:
        return
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": roles},
        "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    held.policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()


def _rule(account: str, region: str, name: str, kind: str, queue_arn: str) -> None:
    backend = events_backends[account][region]
    pattern = json.dumps({"source": ["aws.sagemaker"], "detail-type": [kind]})
    backend.put_rule(name, event_pattern=pattern, state="ENABLED")
    backend.put_targets(name, None, [{"Id": "sluice", "Arn": queue_arn}])
