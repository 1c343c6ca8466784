"""Which permissions each operation needs, and on what: IAM's actions by the names of the API's operations.

An operation that is not here cannot be judged, which is an error of the stand-in's.
See the Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlparse
from xml.dom import minidom

from . import encryption, objects, organizations
from .identity import Caller
from .policy import Facts, lacks
from .wire import Request

SAGEMAKER_SERVICE = "sagemaker.amazonaws.com"


@dataclass(frozen=True)
class Need:
    """One permission that a request takes, and what conditions may ask about it."""

    action: str
    resource: str = "*"
    facts: Facts = field(default_factory=dict)


Needs = Callable[[Request, Caller], list[Need]]


def of(service: str, operation: str, request: Request, caller: Caller) -> list[Need]:
    """All that a request needs, in the order in which AWS looks."""
    named = SERVICES.get(service, {}).get(operation)
    if named is None:
        raise lacks(f"cannot tell which permissions {service}.{operation} takes")
    return named(request, caller)


def reached(request: Request, service: str) -> list[str]:
    """The accounts whose things a request is about, as far as they may be others than its caller's."""
    if service == "s3":
        source = request.headers.get("x-amz-copy-source")
        buckets = [_s3_place(request)[0], *([objects.copied(source)[0]] if source else [])]
        return [owner for bucket in buckets if (owner := objects.owner(bucket))]
    if service == "sqs" and request.protocol == "json":
        return [urlparse(str(request.json.get("QueueUrl", ""))).path.strip("/").partition("/")[0]]
    if service == "sts":
        return request.form.get("RoleArn", "").split(":")[4:5]
    return []


def _plain(*actions: str) -> Needs:
    """Actions on nothing in particular, for which only a policy about every resource will do."""
    return lambda _, __: [Need(action) for action in actions]


# SageMaker.


def _sagemaker_arn(request: Request, caller: Caller, kind: str, name: Any) -> str:
    name = str(name or "")
    return (
        name
        if name.startswith("arn:")
        else f"arn:aws:sagemaker:{request.region}:{caller.account}:{kind}/{name.lower()}"
    )


def _own(operation: str, *places: tuple[str, str]) -> Needs:
    """The action of the operation's name, on each of the resources that the request's members name."""

    def needs(request: Request, caller: Caller) -> list[Need]:
        asked = request.json
        arns = [_sagemaker_arn(request, caller, kind, asked.get(member)) for kind, member in places]
        tags = {tag["Key"]: tag["Value"] for tag in asked.get("Tags") or []}
        facts: Facts = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
        if tags:
            facts["aws:TagKeys"] = list(tags)
        found = [Need(f"sagemaker:{operation}", arn, facts) for arn in arns]
        if tags and operation.startswith("Create"):
            found.append(Need("sagemaker:AddTags", arns[0], facts))
        if CONFIG in places and ENDPOINT in places:
            # SageMaker grants itself the use of the key that the volumes are encrypted with.
            key = encryption.of_volumes(caller.account, request.region, asked.get("EndpointConfigName", ""))
            found += [Need("kms:CreateGrant", key, {"kms:GrantIsForAWSResource": "true"})] if key else []
        if "ExecutionRoleArn" in asked:
            passed = {"iam:PassedToService": SAGEMAKER_SERVICE, "iam:AssociatedResourceArn": arns[0]}
            found.append(Need("iam:PassRole", asked["ExecutionRoleArn"], passed))
        return found

    return needs


ENDPOINT, CONFIG = ("endpoint", "EndpointName"), ("endpoint-config", "EndpointConfigName")
MODEL, GROUP = ("model", "ModelName"), ("model-package-group", "ModelPackageGroupName")
TAGGED = ("", "ResourceArn")
SAGEMAKER: dict[str, Needs] = {
    name: _own(name, *places)
    for name, places in {
        "CreateModel": [MODEL],
        "DescribeModel": [MODEL],
        "DeleteModel": [MODEL],
        "CreateEndpointConfig": [CONFIG],
        "DescribeEndpointConfig": [CONFIG],
        "DeleteEndpointConfig": [CONFIG],
        # The configuration that is brought into service is one of the resources.
        "CreateEndpoint": [ENDPOINT, CONFIG],
        "UpdateEndpoint": [ENDPOINT, CONFIG],
        "UpdateEndpointWeightsAndCapacities": [ENDPOINT],
        "DescribeEndpoint": [ENDPOINT],
        "DeleteEndpoint": [ENDPOINT],
        "AddTags": [TAGGED],
        "ListTags": [TAGGED],
        "DeleteTags": [TAGGED],
        "CreateModelPackageGroup": [GROUP],
        "DescribeModelPackageGroup": [GROUP],
        "DeleteModelPackageGroup": [GROUP],
        "PutModelPackageGroupPolicy": [GROUP],
        "GetModelPackageGroupPolicy": [GROUP],
        "DeleteModelPackageGroupPolicy": [GROUP],
        "CreateModelPackage": [GROUP],
        "DescribeModelPackage": [("model-package", "ModelPackageName")],
        "DeleteModelPackage": [("model-package", "ModelPackageName")],
        "UpdateModelPackage": [("model-package", "ModelPackageArn")],
    }.items()
} | {
    name: _plain(f"sagemaker:{name}")
    for name in ("ListModels", "ListEndpointConfigs", "ListEndpoints", "ListModelPackageGroups", "ListModelPackages")
}


def _batch_describe(request: Request, _: Caller) -> list[Need]:
    arns = request.json.get("ModelPackageArnList", [])
    return [Need("sagemaker:BatchDescribeModelPackage", arn) for arn in arns]


def _invoke(request: Request, caller: Caller) -> list[Need]:
    arn = _sagemaker_arn(request, caller, "endpoint", request.path.split("/")[2])
    target = request.headers.get("x-amzn-sagemaker-target-model")
    return [Need("sagemaker:InvokeEndpoint", arn, {"sagemaker:TargetModel": target} if target else {})]


# S3.

S3_READS = {"HeadObject": "GetObject", "GetObject": "GetObject"}
S3_WRITES = (
    "PutObject",
    "CopyObject",
    "CreateMultipartUpload",
    "UploadPart",
    "UploadPartCopy",
    "CompleteMultipartUpload",
)
# Operations on a bucket or on one object that go by another name or by their own.
S3_OTHERS = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "DeleteObject": "DeleteObject",
    "CreateBucket": "CreateBucket",
    "GetBucketPolicy": "GetBucketPolicy",
    "PutBucketPolicy": "PutBucketPolicy",
    "GetBucketVersioning": "GetBucketVersioning",
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
}


def s3_action(operation: str) -> str:
    """The action that an operation takes on the bucket or key it is about."""
    if operation in S3_WRITES:
        return "s3:PutObject"
    if operation == "DeleteObjects":
        return "s3:DeleteObject"
    return f"s3:{S3_READS.get(operation) or S3_OTHERS.get(operation) or operation}"


def _s3_arn(bucket: str, key: str = "") -> str:
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def _s3_place(request: Request) -> tuple[str, str]:
    bucket, _, key = request.path.lstrip("/").partition("/")
    return bucket, key


def s3_read(bucket: str, key: str, version: str | None, region: str, opens: bool = True) -> list[Need]:
    """What reading an object takes. Whether it exists is told only to who may list the bucket."""
    needs = [Need("s3:GetObject" if version is None else "s3:GetObjectVersion", _s3_arn(bucket, key))]
    found = objects.get(bucket, key, version)
    if found is None:
        return [*needs, Need("s3:ListBucket", _s3_arn(bucket))]
    used = encryption.of_object(found) if opens else None
    return [*needs, _kms("Decrypt", used, region)] if used else needs


def _kms(action: str, key: str, region: str, service: str = "s3") -> Need:
    return Need(f"kms:{action}", key, {"kms:ViaService": f"{service}.{region}.amazonaws.com"})


def _reading(request: Request, _: Caller) -> list[Need]:
    # The checksum of an encrypted object is told only to who may decrypt it.
    opens = request.method == "GET" or "x-amz-checksum-mode" in request.headers
    return s3_read(*_s3_place(request), request.query.get("versionId"), request.region, opens)


def _writing(operation: str) -> Needs:
    def needs(request: Request, _: Caller) -> list[Need]:
        bucket, key = _s3_place(request)
        headers = request.headers
        names = ("x-amz-acl", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id")
        facts = {f"s3:{name}": headers[name] for name in names if name in headers}
        found = [Need("s3:PutObject", _s3_arn(bucket, key), facts)]
        if "x-amz-copy-source" in headers:
            found += s3_read(*objects.copied(headers["x-amz-copy-source"]), request.region)
            found += _tag_needs(request, operation, bucket, key)
        used = encryption.of_write(bucket, key, request)
        if used:
            found.append(_kms("GenerateDataKey", used, request.region))
            # Parts are read again to be put together.
            if operation not in ("PutObject", "CopyObject"):
                found.append(_kms("Decrypt", used, request.region))
        return found

    return needs


def _tag_needs(request: Request, operation: str, bucket: str, key: str) -> list[Need]:
    """A copy takes the object's tags along, where it has any and nobody says otherwise."""
    source = request.headers["x-amz-copy-source"]
    kept = request.headers.get("x-amz-tagging-directive", "COPY") == "COPY"
    if operation != "CopyObject" or not kept or not objects.tags(source):
        return []
    there, name, version = objects.copied(source)
    read = "s3:GetObjectTagging" if version is None else "s3:GetObjectVersionTagging"
    return [Need(read, _s3_arn(there, name)), Need("s3:PutObjectTagging", _s3_arn(bucket, key))]


def _s3_other(operation: str) -> Needs:
    def needs(request: Request, _: Caller) -> list[Need]:
        query = request.query
        facts = {}
        if operation in ("ListObjects", "ListObjectsV2", "ListMultipartUploads"):
            facts = {f"s3:{name}": query[name] for name in ("prefix", "delimiter") if query.get(name)}
        return [Need(s3_action(operation), _s3_arn(*_s3_place(request)), facts)]

    return needs


def s3_deleted(request: Request) -> list[str]:
    """The keys that a DeleteObjects lists."""
    listed = minidom.parseString(request.body).getElementsByTagName("Key")
    return [node.firstChild.nodeValue for node in listed if node.firstChild]


def _delete_objects(request: Request, _: Caller) -> list[Need]:
    bucket, _key = _s3_place(request)
    return [Need("s3:DeleteObject", _s3_arn(bucket, key)) for key in s3_deleted(request)]


S3: dict[str, Needs] = {
    "ListBuckets": _plain("s3:ListAllMyBuckets"),
    "DeleteObjects": _delete_objects,
    **dict.fromkeys(S3_READS, _reading),
    **{name: _writing(name) for name in S3_WRITES},
    **{name: _s3_other(name) for name in S3_OTHERS},
}


# The others.


def _queue(action: str) -> Needs:
    def needs(request: Request, caller: Caller) -> list[Need]:
        asked = request.json
        account, name = caller.account, str(asked.get("QueueName", ""))
        if "QueueUrl" in asked:
            account, _, name = urlparse(asked["QueueUrl"]).path.strip("/").partition("/")
        arn = f"arn:aws:sqs:{request.region}:{account}:{name}"
        return [Need(f"sqs:{action}", arn), *queue_key(action, arn)]

    return needs


def queue_key(action: str, arn: str) -> list[Need]:
    """What the key of an encrypted queue has to allow for its messages to be sent or received."""
    uses = {"SendMessage": ("GenerateDataKey", "Decrypt"), "ReceiveMessage": ("Decrypt",)}.get(action, ())
    used = encryption.of_queue(arn)
    return [_kms(use, used, arn.split(":")[3], "sqs") for use in uses if used]


def _assume_role(request: Request, _: Caller) -> list[Need]:
    form = request.form
    facts = {f"sts:{name}": form[name] for name in ("ExternalId", "RoleSessionName", "SourceIdentity") if name in form}
    arn = form.get("RoleArn", "")
    needs = [Need("sts:AssumeRole", arn, facts)]
    if "SourceIdentity" in form:
        needs.append(Need("sts:SetSourceIdentity", arn, facts))
    if any(name.startswith("Tags.") for name in form):
        needs.append(Need("sts:TagSession", arn, facts))
    return needs


def _secret(request: Request, caller: Caller) -> list[Need]:
    arn = request.json.get("SecretId", "")
    if not arn.startswith("arn:"):
        raise lacks("judges who may read a secret by its ARN only")
    key = encryption.of_secret(arn)
    needs = [Need("secretsmanager:GetSecretValue", arn)]
    return [*needs, _kms("Decrypt", key, request.region, "secretsmanager")] if key else needs


def _log_stream(action: str) -> Needs:
    def needs(request: Request, caller: Caller) -> list[Need]:
        asked = request.json
        group = f"arn:aws:logs:{request.region}:{caller.account}:log-group:{asked.get('logGroupName')}"
        return [Need(f"logs:{action}", f"{group}:log-stream:{asked.get('logStreamName')}")]

    return needs


def _put_events(request: Request, caller: Caller) -> list[Need]:
    found = []
    for entry in request.json.get("Entries", []):
        bus = entry.get("EventBusName", "default")
        arn = bus if bus.startswith("arn:") else f"arn:aws:events:{request.region}:{caller.account}:event-bus/{bus}"
        facts = {"events:source": entry.get("Source"), "events:detail-type": entry.get("DetailType")}
        found.append(Need("events:PutEvents", arn, facts))
    return found


def _bus(request: Request, caller: Caller) -> list[Need]:
    name = request.json.get("Name", "default").rpartition("/")[2]
    return [Need("events:DescribeEventBus", f"arn:aws:events:{request.region}:{caller.account}:event-bus/{name}")]


def _rule(action: str) -> Needs:
    def needs(request: Request, caller: Caller) -> list[Need]:
        asked = request.json
        bus = asked.get("EventBusName", "default").rpartition("/")[2]
        name = asked.get("Name") or asked.get("Rule")
        path = name if bus == "default" else f"{bus}/{name}"
        return [Need(f"events:{action}", f"arn:aws:events:{request.region}:{caller.account}:rule/{path}")]

    return needs


def _role_in_form(action: str) -> Needs:
    def needs(request: Request, caller: Caller) -> list[Need]:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        arn = form.get("PolicySourceArn") or f"arn:aws:iam::{caller.account}:role/{form.get('RoleName', '')}"
        return [Need(f"iam:{action}", arn)]

    return needs


def _repository(action: str) -> Needs:
    def needs(request: Request, caller: Caller) -> list[Need]:
        asked = request.json
        owner, name = asked.get("registryId", caller.account), asked.get("repositoryName", "*")
        return [Need(f"ecr:{action}", f"arn:aws:ecr:{request.region}:{owner}:repository/{name}")]

    return needs


def _key(action: str) -> Needs:
    def needs(request: Request, caller: Caller) -> list[Need]:
        key = request.json.get("KeyId", "")
        arn = key if key.startswith("arn:") else f"arn:aws:kms:{request.region}:{caller.account}:key/{key}"
        return [Need(f"kms:{action}", arn)]

    return needs


def _alarms(request: Request, caller: Caller) -> list[Need]:
    # Whichever are asked for, the permission has to be about all of the account's.
    return [Need("cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{request.region}:{caller.account}:alarm:*")]


def _organization(operation: str) -> Needs:
    def needs(request: Request, caller: Caller) -> list[Need]:
        return [Need(f"organizations:{operation}", arn) for arn in organizations.subjects(request, caller.account)]

    return needs


SQS_ACTIONS = {
    **{name: name for name in ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")},
    **{f"{name}Batch": name for name in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")},
    **{name: name for name in ("GetQueueAttributes", "SetQueueAttributes", "GetQueueUrl", "PurgeQueue")},
}
ORGANIZATION = (
    *("ListAccountsForParent", "ListOrganizationalUnitsForParent", "ListRoots", "DescribeOrganization"),
    *("CreateOrganization", "CreateOrganizationalUnit", "CreateAccount", "MoveAccount", "CloseAccount"),
)
ROLE_READS = ("GetRole", "GetRolePolicy", "ListRolePolicies", "ListAttachedRolePolicies", "SimulatePrincipalPolicy")
SERVICES: dict[str, dict[str, Needs]] = {
    "sagemaker": {**SAGEMAKER, "BatchDescribeModelPackage": _batch_describe},
    "sagemaker-runtime": {"InvokeEndpoint": _invoke},
    "s3": S3,
    "logs": {name: _log_stream(name) for name in ("CreateLogStream", "PutLogEvents")},
    "secretsmanager": {"GetSecretValue": _secret},
    "sqs": {operation: _queue(action) for operation, action in SQS_ACTIONS.items()},
    # Everybody may ask who they are.
    "sts": {"AssumeRole": _assume_role, "GetCallerIdentity": _plain()},
    "events": {
        "PutEvents": _put_events,
        "DescribeEventBus": _bus,
        **{name: _plain(f"events:{name}") for name in ("ListRules", "ListRuleNamesByTarget")},
        **{name: _rule(name) for name in ("DescribeRule", "ListTargetsByRule")},
    },
    "cloudwatch": {"DescribeAlarms": _alarms},
    "ecr": {name: _repository(name) for name in ("BatchGetImage", "DescribeImages", "DescribeRepositories")},
    "kms": {name: _key(name) for name in ("DescribeKey", "GetKeyPolicy")},
    "organizations": {name: _organization(name) for name in ORGANIZATION},
    "servicequotas": {"ListServiceQuotas": _plain("servicequotas:ListServiceQuotas")},
    "iam": {"ListRoles": _plain("iam:ListRoles"), **{name: _role_in_form(name) for name in ROLE_READS}},
    "cloudformation": {
        name: _plain(f"cloudformation:{name}")
        for name in ("CreateStack", "DescribeStacks", "DescribeStackResources", "DeleteStack")
    },
}
