"""CloudFormation's roles, policies, keys, buckets and model package groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends

from . import objects
from .making import Made, Place, Properties, as_text
from .policy import as_list
from .template import invalid
from .worlds import insider


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
        bucket.ownership_rule = ownership["Rules"][0]["ObjectOwnership"]
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
    name, document = asked.need("Bucket"), as_text(asked.need("PolicyDocument"))
    bucket = objects.bucket_of(name)
    if bucket is None or bucket.account_id != place.account:
        raise invalid(f"The specified bucket does not exist: {name}")
    if bucket.policy:
        raise invalid(f"The bucket policy already exists on bucket {name}.")
    bucket.policy = document.encode()

    def undo() -> None:
        bucket.policy = None

    return Made(name, {}, undo)


def _role(asked: Properties, logical: str, place: Place) -> Made:
    iam = iam_backends[place.account]["aws"]
    name = asked.take("RoleName") or place.name(logical)
    if any(role.name == name for role in iam.roles.values()):
        raise invalid(f"Role with name {name} already exists.")
    role = iam.create_role(
        name,
        as_text(asked.need("AssumeRolePolicyDocument")),
        asked.take("Path", "/"),
        asked.take("PermissionsBoundary"),
        asked.take("Description", ""),
        asked.take("Tags", []),
        str(asked.take("MaxSessionDuration", 3600)),
    )
    for inline in asked.take("Policies", []):
        role.put_policy(inline["PolicyName"], as_text(inline["PolicyDocument"]))
    for arn in asked.take("ManagedPolicyArns", []):
        iam.attach_role_policy(arn, name)
    return Made(name, {"Arn": role.arn, "RoleId": role.id}, lambda: iam.roles.pop(role.id, None))


def _managed_policy(asked: Properties, logical: str, place: Place) -> Made:
    iam = iam_backends[place.account]["aws"]
    name = asked.take("ManagedPolicyName") or place.name(logical)
    text, path = asked.take("Description", ""), asked.take("Path", "/")
    policy = iam.create_policy(text, path, as_text(asked.need("PolicyDocument")), name, asked.take("Tags", []))
    for role in asked.take("Roles", []):
        iam.attach_role_policy(policy.arn, role)
    for user in asked.take("Users", []):
        iam.attach_user_policy(policy.arn, user)
    return Made(policy.arn, {"PolicyArn": policy.arn}, lambda: iam.managed_policies.pop(policy.arn, None))


def _role_policy(asked: Properties, _: str, place: Place) -> Made:
    iam = iam_backends[place.account]["aws"]
    name, document = asked.need("PolicyName"), as_text(asked.need("PolicyDocument"))
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


def _key(asked: Properties, _: str, place: Place) -> Made:
    kms = kms_backends[place.account][place.region]
    tags = asked.take("Tags", [])
    key = kms.create_key(
        as_text(asked.need("KeyPolicy")),
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


def _group(asked: Properties, _: str, place: Place) -> Made:
    held, caller = place.sagemaker.store.of(place.account, place.region), insider(place.account)
    name, document = asked.need("ModelPackageGroupName"), asked.take("ModelPackageGroupPolicy")
    given = {"ModelPackageGroupName": name, "Tags": asked.take("Tags", [])}
    text = asked.take("ModelPackageGroupDescription")
    given |= {"ModelPackageGroupDescription": text} if text else {}
    arn = place.sagemaker.registry.create_group(held, given, caller)["ModelPackageGroupArn"]
    if document:
        asked_policy = {"ModelPackageGroupName": name, "ResourcePolicy": as_text(document)}
        place.sagemaker.registry.put_policy(held, asked_policy, caller)
    return Made(arn, {"ModelPackageGroupArn": arn}, lambda: held.groups.pop(name.lower(), None))


TYPES: dict[str, Callable[[Properties, str, Place], Made]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::IAM::Role": _role,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Policy": _role_policy,
    "AWS::IAM::RolePolicy": _role_policy,
    "AWS::IAM::InstanceProfile": _instance_profile,
    "AWS::KMS::Key": _key,
    "AWS::KMS::Alias": _key_alias,
    "AWS::SageMaker::ModelPackageGroup": _group,
}
