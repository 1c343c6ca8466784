"""The types of resource that CloudFormation makes here: what each property of theirs does, and no property ignored."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.events.models import EventBusPolicyStatement, events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from . import objects, sqs
from .alarms import Alarms
from .policy import as_list, lacks
from .sagemaker import Service
from .template import invalid
from .worlds import insider


@dataclass
class Place:
    """Where a stack makes its resources, and what with."""

    account: str
    region: str
    stack: str
    base_url: str
    sagemaker: Service
    alarms: Alarms

    def name(self, logical: str) -> str:
        """The name of a resource that was given none."""
        return f"{self.stack}-{logical}-{secrets.token_hex(6)}"


@dataclass
class Made:
    """A resource that was made: what Ref and Fn::GetAtt give, and how it is taken away again."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)
    undo: Callable[[], Any] = lambda: None


class Properties:
    """A resource's properties, each of which has to be asked for, so that none is ignored."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._left = dict(values)

    def take(self, name: str, default: Any = None) -> Any:
        return self._left.pop(name, default)

    def need(self, name: str) -> Any:
        if name not in self._left:
            raise invalid(f"Properties validation failed: required key [{name}] not found")
        return self._left.pop(name)

    def tags(self) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self.take("Tags", [])}

    def rest(self) -> dict[str, Any]:
        """All that is left, for what keeps its properties as they are."""
        left, self._left = self._left, {}
        return left

    def check(self, kind: str) -> None:
        if self._left:
            raise lacks(f"does not know these properties of {kind}: {', '.join(sorted(self._left))}")


def create(kind: str, logical: str, values: dict[str, Any], place: Place) -> Made:
    properties = Properties(values)
    made = TYPES[kind](properties, logical, place)
    try:
        properties.check(kind)
    except Exception:
        made.undo()
        raise
    return made


def _text(document: Any) -> str:
    """A policy as the services keep it; a template may write it as a text already."""
    return document if isinstance(document, str) else json.dumps(document)


# Queues.

QUEUE_NUMBERS = (
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "DelaySeconds",
    "MaximumMessageSize",
    "KmsDataKeyReusePeriodSeconds",
)


def _queue(asked: Properties, logical: str, place: Place) -> Made:
    name = asked.take("QueueName") or place.name(logical)
    backend = sqs_backends[place.account][place.region]
    if name in backend.queues:
        raise invalid(f"Resource of type 'AWS::SQS::Queue' with identifier '{name}' already exists.")
    given = {key: str(value) for key in QUEUE_NUMBERS if (value := asked.take(key)) is not None}
    encrypted = asked.take("SqsManagedSseEnabled")
    key = asked.take("KmsMasterKeyId")
    redrive, allowed = asked.take("RedrivePolicy"), asked.take("RedriveAllowPolicy")
    if redrive:
        given["RedrivePolicy"] = _text(redrive)
    queue = backend.create_queue(name, asked.tags(), **given)
    # Moto keeps attributes by name, of which it does not know this one.
    queue.redrive_allow_policy = allowed
    queue.sqs_managed_sse_enabled, queue.kms_master_key_id = encrypted, key
    url = f"{place.base_url}/{place.account}/{name}"
    attributes = {"Arn": queue.queue_arn, "QueueName": name, "QueueUrl": url}
    return Made(url, attributes, lambda: backend.queues.pop(name, None))


def _queue_policy(asked: Properties, logical: str, place: Place) -> Made:
    document = _text(asked.need("PolicyDocument"))
    queues = [sqs.find(url, place.region) for url in asked.need("Queues")]
    for queue in queues:
        queue.policy = document

    def undo() -> None:
        for queue in queues:
            queue.policy = None

    return Made(place.name(logical), {}, undo)


# Buckets.


def _bucket(asked: Properties, logical: str, place: Place) -> Made:
    name = asked.take("BucketName") or place.name(logical).lower()
    backend = s3_backends[place.account]["aws"]
    if objects.owner(name):
        raise invalid(f"{name} already exists")
    bucket = backend.create_bucket(name, place.region)
    undo = Made(name, {}, lambda: _drop_bucket(backend, name))
    bucket.versioning_status = asked.take("VersioningConfiguration", {}).get("Status")
    if encryption := asked.take("BucketEncryption"):
        bucket.encryption = _encryption(encryption)
    if lifecycle := asked.take("LifecycleConfiguration"):
        bucket.set_lifecycle([_lifecycle(rule) for rule in lifecycle["Rules"]])
    if blocked := asked.take("PublicAccessBlockConfiguration"):
        backend.put_public_access_block(name, {key: str(value).lower() for key, value in blocked.items()})
    if ownership := asked.take("OwnershipControls"):
        bucket.ownership_rule = {"Rule": ownership["Rules"][0]}
    if tags := asked.tags():
        backend.put_bucket_tagging(name, tags)
    domain = f"{name}.s3.{place.region}.amazonaws.com"
    return Made(name, {"Arn": f"arn:aws:s3:::{name}", "RegionalDomainName": domain}, undo.undo)


def _drop_bucket(backend: Any, name: str) -> None:
    backend.buckets.pop(name, None)
    s3_backends.bucket_accounts.pop(name, None)


def _encryption(asked: dict[str, Any]) -> dict[str, Any]:
    rule = Properties(asked["ServerSideEncryptionConfiguration"][0])
    applied = {"ApplyServerSideEncryptionByDefault": rule.need("ServerSideEncryptionByDefault")}
    if (key := rule.take("BucketKeyEnabled")) is not None:
        applied["BucketKeyEnabled"] = str(key).lower()
    rule.check("AWS::S3::Bucket's encryption")
    return {"@xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "Rule": applied}


def _lifecycle(asked: dict[str, Any]) -> dict[str, Any]:
    rule = Properties(asked)
    made: dict[str, Any] = {"ID": rule.take("Id", "rule"), "Status": rule.need("Status")}
    made["Filter"] = {"Prefix": rule.take("Prefix", "")}
    if (days := rule.take("ExpirationInDays")) is not None:
        made["Expiration"] = {"Days": str(days)}
    if rule.take("ExpiredObjectDeleteMarker") is not None:
        made["Expiration"] = {"ExpiredObjectDeleteMarker": "true"}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if value := rule.take(name):
            made[name] = {key: str(item) for key, item in value.items()}
    rule.check("AWS::S3::Bucket's lifecycle")
    return made


def _bucket_policy(asked: Properties, logical: str, place: Place) -> Made:
    name, document = asked.need("Bucket"), _text(asked.need("PolicyDocument"))
    bucket = objects.bucket_of(name)
    if bucket is None or bucket.account_id != place.account:
        raise invalid(f"The specified bucket does not exist: {name}")
    if bucket.policy:
        raise invalid(f"The bucket policy already exists on bucket {name}.")
    bucket.policy = document.encode()

    def undo() -> None:
        bucket.policy = None

    return Made(name, {}, undo)


# Events.


def _bus(asked: Properties, _: str, place: Place) -> Made:
    backend, name = events_backends[place.account][place.region], asked.need("Name")
    bus = backend.create_event_bus(name, None, asked.take("Description"))
    asked.tags()
    return Made(name, {"Arn": bus.arn, "Name": name}, lambda: backend.event_buses.pop(name, None))


def _bus_policy(asked: Properties, logical: str, place: Place) -> Made:
    name, sid = asked.take("EventBusName", "default"), asked.need("StatementId")
    statements = events_backends[place.account][place.region].event_buses[name]._statements
    statements[sid] = EventBusPolicyStatement.from_dict({"Sid": sid, **asked.need("Statement")})
    return Made(place.name(logical), {}, lambda: statements.pop(sid, None))


TARGET = {"Id", "Arn", "RoleArn", "DeadLetterConfig", "RetryPolicy", "Input", "InputPath"}


def _rule(asked: Properties, logical: str, place: Place) -> Made:
    backend = events_backends[place.account][place.region]
    name, bus = asked.take("Name") or place.name(logical), asked.take("EventBusName", "default")
    bus = bus.rpartition("/")[2]
    targets = asked.take("Targets", [])
    for target in targets:
        if target.keys() - TARGET:
            raise lacks(f"does not know these properties of a rule's target: {sorted(target.keys() - TARGET)}")
    bus_arn = backend.event_buses[bus].arn
    pattern = json.dumps(asked.need("EventPattern"))
    if name in backend.event_buses[bus].rules:
        raise invalid(f"Rule {name} already exists.")
    state, text = asked.take("State", "ENABLED"), asked.take("Description")
    rule = backend.put_rule(name, event_bus_arn=bus_arn, event_pattern=pattern, state=state, description=text)
    if targets:
        backend.put_targets(name, bus_arn, targets)
    return Made(name, {"Arn": rule.arn}, lambda: backend.event_buses[bus].rules.pop(name, None))


# Roles and policies.


def _role(asked: Properties, logical: str, place: Place) -> Made:
    iam = iam_backends[place.account]["aws"]
    name = asked.take("RoleName") or place.name(logical)
    if any(role.name == name for role in iam.roles.values()):
        raise invalid(f"Role with name {name} already exists.")
    role = iam.create_role(
        name,
        _text(asked.need("AssumeRolePolicyDocument")),
        asked.take("Path", "/"),
        asked.take("PermissionsBoundary"),
        asked.take("Description", ""),
        asked.take("Tags", []),
        str(asked.take("MaxSessionDuration", 3600)),
    )
    for inline in asked.take("Policies", []):
        role.put_policy(inline["PolicyName"], _text(inline["PolicyDocument"]))
    for arn in asked.take("ManagedPolicyArns", []):
        iam.attach_role_policy(arn, name)
    return Made(name, {"Arn": role.arn, "RoleId": role.id}, lambda: iam.roles.pop(role.id, None))


def _managed_policy(asked: Properties, logical: str, place: Place) -> Made:
    iam = iam_backends[place.account]["aws"]
    name = asked.take("ManagedPolicyName") or place.name(logical)
    text, path = asked.take("Description", ""), asked.take("Path", "/")
    policy = iam.create_policy(text, path, _text(asked.need("PolicyDocument")), name, asked.take("Tags", []))
    for role in asked.take("Roles", []):
        iam.attach_role_policy(policy.arn, role)
    for user in asked.take("Users", []):
        iam.attach_user_policy(policy.arn, user)
    return Made(policy.arn, {"PolicyArn": policy.arn}, lambda: iam.managed_policies.pop(policy.arn, None))


def _role_policy(asked: Properties, _: str, place: Place) -> Made:
    iam = iam_backends[place.account]["aws"]
    name, document = asked.need("PolicyName"), _text(asked.need("PolicyDocument"))
    roles = [asked.take("RoleName"), *as_list(asked.take("Roles", []))]
    for role in filter(None, roles):
        iam.put_role_policy(role, name, document)
    return Made(name)


def _instance_profile(asked: Properties, logical: str, place: Place) -> Made:
    iam = iam_backends[place.account]["aws"]
    name = asked.take("InstanceProfileName") or place.name(logical)
    profile = iam.create_instance_profile(name, asked.take("Path", "/"), [], [])
    for role in asked.need("Roles"):
        iam.add_role_to_instance_profile(name, role)
    return Made(name, {"Arn": profile.arn}, lambda: iam.instance_profiles.pop(name, None))


# Keys.


def _key(asked: Properties, _: str, place: Place) -> Made:
    kms = kms_backends[place.account][place.region]
    tags = asked.take("Tags", [])
    key = kms.create_key(
        _text(asked.need("KeyPolicy")),
        asked.take("KeyUsage", "ENCRYPT_DECRYPT"),
        asked.take("KeySpec", "SYMMETRIC_DEFAULT"),
        asked.take("Description", ""),
        [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags],
    )
    key.key_rotation_status = bool(asked.take("EnableKeyRotation", False))
    asked.take("PendingWindowInDays")
    return Made(key.id, {"Arn": key.arn, "KeyId": key.id}, lambda: kms.keys.pop(key.id, None))


def _key_alias(asked: Properties, _: str, place: Place) -> Made:
    name = asked.need("AliasName")
    kms_backends[place.account][place.region].create_alias(asked.need("TargetKeyId"), name)
    return Made(name)


# The registry, logs and alarms.


def _group(asked: Properties, _: str, place: Place) -> Made:
    held, caller = place.sagemaker.store.of(place.account, place.region), insider(place.account)
    name, document = asked.need("ModelPackageGroupName"), asked.take("ModelPackageGroupPolicy")
    given = {"ModelPackageGroupName": name, "Tags": asked.take("Tags", [])}
    text = asked.take("ModelPackageGroupDescription")
    given |= {"ModelPackageGroupDescription": text} if text else {}
    arn = place.sagemaker.registry.create_group(held, given, caller)["ModelPackageGroupArn"]
    if document:
        asked_policy = {"ModelPackageGroupName": name, "ResourcePolicy": _text(document)}
        place.sagemaker.registry.put_policy(held, asked_policy, caller)
    return Made(arn, {"ModelPackageGroupArn": arn}, lambda: held.groups.pop(name.lower(), None))


def _log_group(asked: Properties, logical: str, place: Place) -> Made:
    logs = logs_backends[place.account][place.region]
    name = asked.take("LogGroupName") or place.name(logical)
    group = logs.create_log_group(name, asked.tags(), kmsKeyId=asked.take("KmsKeyId"))
    if days := asked.take("RetentionInDays"):
        logs.put_retention_policy(name, int(days))
    return Made(name, {"Arn": f"{group.arn}:*"}, lambda: logs.groups.pop(name, None))


def _log_policy(asked: Properties, _: str, place: Place) -> Made:
    logs, name = logs_backends[place.account][place.region], asked.need("PolicyName")
    logs.put_resource_policy(name, _text(asked.need("PolicyDocument")))
    return Made(name, {}, lambda: logs.delete_resource_policy(name))


def _metric_filter(asked: Properties, logical: str, place: Place) -> Made:
    logs = logs_backends[place.account][place.region]
    name, group = asked.take("FilterName") or place.name(logical), asked.need("LogGroupName")
    changes = [
        {key[0].lower() + key[1:]: value for key, value in change.items()}
        for change in asked.need("MetricTransformations")
    ]
    logs.put_metric_filter(name, asked.need("FilterPattern"), group, changes)
    return Made(name, {}, lambda: logs.delete_metric_filter(name, group))


ALARM_NUMBERS = ("Threshold", "Period", "EvaluationPeriods", "DatapointsToAlarm")


def _alarm(composite: bool) -> Callable[[Properties, str, Place], Made]:
    def make(asked: Properties, logical: str, place: Place) -> Made:
        name = asked.take("AlarmName") or place.name(logical)
        # A parameter is a text, whatever its type.
        given = {key: float(value) if key in ALARM_NUMBERS else value for key, value in asked.rest().items()}
        arn = place.alarms.make(place.account, place.region, {"AlarmName": name, **given}, composite)
        return Made(name, {"Arn": arn}, lambda: place.alarms.drop(place.account, place.region, name))

    return make


TYPES: dict[str, Callable[[Properties, str, Place], Made]] = {
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::Events::EventBus": _bus,
    "AWS::Events::EventBusPolicy": _bus_policy,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::Role": _role,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Policy": _role_policy,
    "AWS::IAM::RolePolicy": _role_policy,
    "AWS::IAM::InstanceProfile": _instance_profile,
    "AWS::KMS::Key": _key,
    "AWS::KMS::Alias": _key_alias,
    "AWS::SageMaker::ModelPackageGroup": _group,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Logs::ResourcePolicy": _log_policy,
    "AWS::Logs::MetricFilter": _metric_filter,
    "AWS::CloudWatch::Alarm": _alarm(False),
    "AWS::CloudWatch::CompositeAlarm": _alarm(True),
}
