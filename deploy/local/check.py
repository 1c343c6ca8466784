"""Boot the local stand-in for AWS and try, with boto3's own signed requests, what Sluice relies on.

One line for each check, then a count; the exit code is 0 only if every check passed.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from standin import shapes
from standin.wire import AWSError

HERE = Path(__file__).resolve().parent
REGION = "eu-west-1"
UPDATE_SECONDS = 0.6
ENVELOPE = ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
Check = Callable[["World"], str | None]
CHECKS: list[tuple[str, Check]] = []


def check(title: str) -> Callable[[Check], Check]:
    def add(function: Check) -> Check:
        CHECKS.append((title, function))
        return function

    return add


def control(url: str, path: str, body: Any = None, method: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    method = method or ("POST" if body is not None else "GET")
    request = urllib.request.Request(f"{url}/_local/{path}", data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


def expect(what: Any, wanted: Any) -> None:
    if what != wanted:
        raise AssertionError(f"expected {wanted!r}, got {what!r}")


def refused(code: str, text: str, call: Callable[..., Any], **asked: Any) -> int:
    """The call must fail with this code and a message that contains this text; gives the HTTP status."""
    try:
        call(**asked)
    except ClientError as error:
        expect(error.response["Error"]["Code"], code)
        if text not in error.response["Error"]["Message"]:
            raise AssertionError(f"{text!r} is not in {error.response['Error']['Message']!r}") from None
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError(f"{code} was expected, and the call succeeded")


class World:
    """Fresh accounts for each check, so that checks cannot disturb each other."""

    made = 0

    def __init__(self, url: str) -> None:
        World.made += 1
        self.url = url
        self.registry = f"1{World.made:011d}"
        self.staging = f"2{World.made:011d}"
        self.prod = f"3{World.made:011d}"
        accounts = [{"name": "staging", "account": self.staging}, {"name": "prod", "account": self.prod}]
        asked = {"registry": self.registry, "accounts": accounts, "groups": ["demand-de"], "externalId": "acme"}
        self.made_of = control(url, "worlds", {**asked, "region": REGION})
        self.queue = self.made_of["queueUrl"]
        self.artifacts = self.made_of["artifactBucket"]
        self.there = self.made_of["accounts"][0]

    def control(self, path: str, body: Any = None, method: str | None = None) -> Any:
        return control(self.url, path, body, method)

    def client(self, service: str, who: dict[str, Any] | str = "worker", **more: Any) -> Any:
        keys = self.made_of["identities"][who] if isinstance(who, str) else who
        retries = {"total_max_attempts": more.pop("attempts", 1)}
        return boto3.client(
            service,
            region_name=more.pop("region", REGION),
            endpoint_url=self.url,
            aws_access_key_id=keys.get("accessKeyId") or keys["AccessKeyId"],
            aws_secret_access_key=keys.get("secretAccessKey") or keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            config=Config(retries=retries, **{"read_timeout": 15, **more}),
        )

    def assume(self, **more: Any) -> dict[str, Any]:
        asked = {"RoleArn": self.there["roleArn"], "RoleSessionName": "sluice-1", "ExternalId": "acme"}
        return self.client("sts").assume_role(**{**asked, **more})

    def session(self) -> dict[str, Any]:
        return self.assume()["Credentials"]

    def artifact(self, bucket: str, key: str, version: int = 3, **more: Any) -> dict[str, Any]:
        model = {"model": "demand-de", "version": version, "intercept": 10.0, "coefficients": [1.0, 2.0, 0.5]}
        return self.control("artifacts", {"bucket": bucket, "key": key, "model": model, **more})

    def package(self, **more: Any) -> str:
        made = self.artifact(self.artifacts, "demand-de/3/model.tar.gz")
        asked = {"account": self.registry, "group": "demand-de", "url": made["url"]}
        return self.control("packages", {**asked, **more})["arn"]

    def receive(self, wait: int = 2, **more: Any) -> list[dict[str, Any]]:
        asked = {"QueueUrl": self.queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": wait}
        got = self.client("sqs").receive_message(**asked, MessageSystemAttributeNames=["All"], **more)
        return got.get("Messages", [])

    def config(self, sagemaker: Any, name: str, prefix: str = "a") -> None:
        container = {"Image": "linear:1", "Mode": "MultiModel", "ModelDataUrl": f"{self.there['models']}{prefix}/"}
        role = self.there["executionRoleArn"]
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
        variant = {"VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.c6i.large"}
        tags = [{"Key": "sluice:release", "Value": name}]
        variant |= {"InitialInstanceCount": 1}
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], Tags=tags)

    def endpoint(self, credentials: dict[str, Any] | None = None) -> Any:
        """A multi-model endpoint `demand` in service on config one; gives the client."""
        sagemaker = self.client("sagemaker", credentials or self.session())
        self.artifact(self.there["modelsBucket"], "models/a/demand-de.tar.gz", 3)
        self.config(sagemaker, "one")
        sagemaker.create_endpoint(EndpointName="demand", EndpointConfigName="one")
        self.settled(sagemaker)
        return sagemaker

    def settled(self, sagemaker: Any) -> dict[str, Any]:
        for _ in range(200):
            shown = sagemaker.describe_endpoint(EndpointName="demand")
            if shown["EndpointStatus"] not in ("Creating", "Updating"):
                return shown
            time.sleep(0.02)
        raise AssertionError("the endpoint did not settle")


@check("an approval reaches the queue as a whole event, from EventBridge")
def approval(world: World) -> None:
    arn = world.package()
    created = json.loads(world.receive()[0]["Body"])
    expect(created["detail"]["ModelApprovalStatus"], "PendingManualApproval")
    sagemaker = world.client("sagemaker", "releaseManager")
    before = sagemaker.describe_model_package(ModelPackageName=arn)["LastModifiedTime"]
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    after = sagemaker.describe_model_package(ModelPackageName=arn)["LastModifiedTime"]
    if not after > before:
        raise AssertionError("LastModifiedTime did not advance")
    message = world.receive()[0]
    event = json.loads(message["Body"])
    expect(event["account"], world.registry)
    expect(event["detail-type"], "SageMaker Model Package State Change")
    expect(event["resources"], [arn])
    expect(event["detail"]["ModelApprovalStatus"], "Approved")
    expect(event["detail"]["UpdatedModelPackageFields"], ["ModelApprovalStatus"])
    expect(sorted(event), sorted(ENVELOPE))
    expect(message["Attributes"]["SenderId"], "AIDAJXNJGGKNS7OSV23OI")
    expect(message["MD5OfBody"], hashlib.md5(message["Body"].encode()).hexdigest())


@check("a package tells who changed it last, and an event does not")
def changed_by(world: World) -> None:
    arn, sagemaker = world.package(), world.client("sagemaker", "releaseManager")

    def by() -> Any:
        shown = sagemaker.describe_model_package(ModelPackageName=arn)
        return shown.get("LastModifiedBy", {}).get("IamIdentity", {}).get("PrincipalId")

    expect(by(), None)
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    expect(by(), world.made_of["identities"]["releaseManager"]["userId"])
    world.control("packages/status", {"arn": arn, "status": "Rejected", "by": "AIDAANNA"})
    expect(by(), "AIDAANNA")
    expect(["LastModifiedBy" in json.loads(message["Body"])["detail"] for message in world.receive()], [False] * 3)
    made = {"account": world.registry, "group": "demand-de", "coefficients": [1], "approve": True, "by": "AIDABERT"}
    arn = world.control("register", made)["arn"]
    expect(by(), "AIDABERT")


@check("a quiet change makes no event, a disabled rule delivers none, and updating keeps what is not passed")
def quiet(world: World) -> None:
    arn = world.package()
    world.receive()
    sagemaker = world.client("sagemaker")
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"a": "b"})
    world.receive()
    world.control("packages/status", {"arn": arn, "status": "Approved", "quietly": True, "description": "good"})
    world.client("events").disable_rule(Name="sluice-model-packages")
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    expect(world.receive(0), [])
    shown = sagemaker.describe_model_package(ModelPackageName=arn)
    expect(shown["CustomerMetadataProperties"], {"a": "b"})
    expect(shown["ApprovalDescription"], "good")


@check("events put by a client arrive with their account too")
def put_events(world: World) -> None:
    detail = {"Source": "test", "DetailType": "SageMaker Model Package State Change", "Detail": '{"a": 1}'}
    events = world.client("events")
    pattern = json.dumps({"source": ["test"]})
    events.put_rule(Name="own", EventPattern=pattern)
    events.put_targets(Rule="own", Targets=[{"Id": "q", "Arn": world.made_of["queueArn"]}])
    expect(events.put_events(Entries=[detail])["FailedEntryCount"], 0)
    event = json.loads(world.receive()[0]["Body"])
    expect((event["account"], event["detail"]), (world.registry, {"a": 1}))
    heard = world.control("subscriptions", {"account": world.registry, "source": "test"})["queueUrl"]
    expect(world.control("subscriptions", {"account": world.registry, "source": "test"})["queueUrl"], heard)
    events.put_events(Entries=[detail, {**detail, "Source": "other"}])
    messages = world.control(f"queues?queueUrl={heard}")["messages"]
    expect([json.loads(message["body"])["source"] for message in messages], ["test"])


@check("a role is assumed with the right ExternalId by the right caller only")
def assume(world: World) -> None:
    got = world.assume()
    expect(got["AssumedRoleUser"]["AssumedRoleId"], f"{world.there['roleId']}:sluice-1")
    who = world.client("sts", got["Credentials"]).get_caller_identity()
    expect((who["Account"], who["UserId"]), (world.staging, f"{world.there['roleId']}:sluice-1"))
    expect(who["Arn"], f"arn:aws:sts::{world.staging}:assumed-role/sluice-deploy/sluice-1")
    denied = "is not authorized to perform: sts:AssumeRole on resource: " + world.there["roleArn"]
    expect(refused("AccessDenied", denied, world.assume, ExternalId="wrong"), 403)
    role = {"RoleArn": world.there["roleArn"], "RoleSessionName": "sluice-1"}
    refused("AccessDenied", denied, world.client("sts").assume_role, **role)
    stranger = world.client("sts", "stranger")
    refused("AccessDenied", denied, stranger.assume_role, **role, ExternalId="acme")
    nowhere = f"arn:aws:iam::{world.prod}:role/nobody"
    refused("AccessDenied", nowhere, world.assume, RoleArn=nowhere)
    refused("ValidationError", "roleSessionName", world.assume, RoleSessionName="a/b")
    trust = {"Effect": "Allow", "Principal": {"Federated": "oidc"}, "Action": "sts:AssumeRoleWithWebIdentity"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = world.client("iam").create_role(RoleName="web", AssumeRolePolicyDocument=document)["Role"]
    asked = {"RoleArn": role["Arn"], "RoleSessionName": "pod", "WebIdentityToken": "token"}
    web = world.client("sts").assume_role_with_web_identity(**asked)["Credentials"]
    expect(world.client("sts", web).get_caller_identity()["UserId"], f"{role['RoleId']}:pod")


@check("an expired session, an unknown key and a wrong secret are refused by each protocol in its own words")
def credentials(world: World) -> None:
    session = world.session()
    world.client("sagemaker", session).list_endpoints()
    expect(world.control("sessions/expire", {"account": world.staging})["expired"], 1)
    expired = "expired"
    expect(refused("ExpiredTokenException", expired, world.client("sagemaker", session).list_endpoints), 403)
    refused("ExpiredToken", expired, world.client("sts", session).get_caller_identity)
    refused("ExpiredToken", expired, world.client("s3", session).list_buckets)
    world.control("sessions", {"account": world.staging, "seconds": 0.2})
    short = world.session()
    world.client("sts", short).get_caller_identity()
    time.sleep(0.3)
    refused("ExpiredToken", expired, world.client("sts", short).get_caller_identity)
    unknown = {"accessKeyId": "AKIAUNKNOWNUNKNOWN12", "secretAccessKey": "x"}
    refused("UnrecognizedClientException", "invalid", world.client("sagemaker", unknown).list_endpoints)
    refused("InvalidClientTokenId", "invalid", world.client("sts", unknown).get_caller_identity)
    refused("InvalidAccessKeyId", "does not exist", world.client("s3", unknown).list_buckets)
    wrong = {**world.made_of["identities"]["worker"], "secretAccessKey": "wrong"}
    refused("InvalidSignatureException", "signature", world.client("sagemaker", wrong).list_endpoints)
    refused("SignatureDoesNotMatch", "signature", world.client("s3", wrong).list_buckets)


@check("a copy is conditional on its source and its destination, and keeps to its owners")
def copies(world: World) -> None:
    made = world.artifact(world.artifacts, "a b+c=d/модель.tar.gz")
    s3 = world.client("s3", world.session())
    source = {"Bucket": world.artifacts, "Key": "a b+c=d/модель.tar.gz"}
    asked = {"Bucket": world.there["modelsBucket"], "CopySource": source, "ChecksumAlgorithm": "SHA256"}
    asked |= {"ExpectedBucketOwner": world.staging, "ExpectedSourceBucketOwner": world.registry}
    copied = s3.copy_object(**asked, Key="models/x", CopySourceIfMatch=made["etag"], IfNoneMatch="*")
    sha256 = base64.b64encode(bytes.fromhex(made["sha256"])).decode()
    expect(copied["CopyObjectResult"]["ChecksumSHA256"], sha256)
    head = s3.head_object(Bucket=asked["Bucket"], Key="models/x", ChecksumMode="ENABLED")
    expect((head["ChecksumSHA256"], head["ETag"]), (sha256, made["etag"]))
    failed = "pre-conditions"
    expect(refused("PreconditionFailed", failed, s3.copy_object, **asked, Key="models/x", IfNoneMatch="*"), 412)
    refused("PreconditionFailed", failed, s3.copy_object, **asked, Key="models/y", CopySourceIfMatch='"0"')
    for name in ("ExpectedBucketOwner", "ExpectedSourceBucketOwner"):
        refused("AccessDenied", "Denied", s3.copy_object, **{**asked, name: world.prod}, Key="models/y")
    other = world.client("s3", world.made_of["accounts"][1]["identity"])
    refused("AccessDenied", "Denied", other.get_object, Bucket=world.artifacts, Key="a b+c=d/модель.tar.gz")
    refused("404", "", s3.head_object, Bucket=asked["Bucket"], Key="models/y")


@check("a copy in parts is conditional too, gives each part's SHA-256, and completes once")
def parts(world: World) -> None:
    made = world.artifact(world.artifacts, "large", padding=6_000_000)
    s3 = world.client("s3", world.session())
    to = {"Bucket": world.there["modelsBucket"], "Key": "models/large"}
    upload = s3.create_multipart_upload(**to, ChecksumAlgorithm="SHA256")["UploadId"]
    middle, end = 5 * 1024 * 1024, made["size"]
    asked = {**to, "UploadId": upload, "CopySource": f"{world.artifacts}/large"}
    done = []
    for number, (first, last) in enumerate([(0, middle - 1), (middle, end - 1)], 1):
        copied = s3.upload_part_copy(
            **asked, PartNumber=number, CopySourceRange=f"bytes={first}-{last}", CopySourceIfMatch=made["etag"]
        )["CopyPartResult"]
        done.append({"PartNumber": number, "ETag": copied["ETag"], "ChecksumSHA256": copied["ChecksumSHA256"]})
    refused("PreconditionFailed", "", s3.upload_part_copy, **asked, PartNumber=3, CopySourceIfMatch="0")
    refused("NoSuchUpload", "", s3.upload_part_copy, **{**asked, "UploadId": "none"}, PartNumber=1)
    refused("InvalidArgument", "", s3.upload_part_copy, **asked, PartNumber=3, CopySourceRange=f"bytes=0-{end}")
    complete = {**to, "UploadId": upload, "MultipartUpload": {"Parts": done}}
    s3.complete_multipart_upload(**complete, IfNoneMatch="*")
    body = s3.get_object(**to)["Body"].read()
    expect(hashlib.sha256(body).hexdigest(), made["sha256"])
    again = s3.create_multipart_upload(**to)["UploadId"]
    part = s3.upload_part(**to, UploadId=again, PartNumber=1, Body=b"x")
    complete = {**to, "UploadId": again, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}}
    refused("PreconditionFailed", "", s3.complete_multipart_upload, **complete, IfNoneMatch="*")


@check("an upload in parts is listed with its parts, wants their checksums and size, and is given up once")
def uploads(world: World) -> None:
    size = (256 << 20) + 9
    made = world.artifact(world.artifacts, "huge", size=size)
    s3 = world.client("s3", world.session())
    to = {"Bucket": world.there["modelsBucket"], "Key": "models/huge"}
    own = {"ExpectedBucketOwner": world.staging}
    uploads = [s3.create_multipart_upload(**to, **own, ChecksumAlgorithm="SHA256")["UploadId"] for _ in range(2)]
    world.client("s3", world.session()).create_multipart_upload(**{**to, "Key": "models/hug"})
    listed = s3.list_multipart_uploads(Bucket=to["Bucket"], Prefix=to["Key"], **own)["Uploads"]
    expect([(item["Key"], item["UploadId"]) for item in listed], [(to["Key"], upload) for upload in uploads])
    refused("AccessDenied", "", s3.list_multipart_uploads, Bucket=to["Bucket"], ExpectedBucketOwner=world.prod)
    s3.abort_multipart_upload(**to, **own, UploadId=uploads[0])
    refused("NoSuchUpload", "", s3.abort_multipart_upload, **to, **own, UploadId=uploads[0])
    refused("NoSuchUpload", "", s3.list_parts, **{**to, "Key": "models/hug"}, UploadId=uploads[1])
    to["UploadId"] = uploads[1]
    asked = {**to, **own, "ExpectedSourceBucketOwner": world.registry, "CopySource": f"{world.artifacts}/huge"}
    ranges = {2: f"bytes={size - 9}-{size - 1}", 1: f"bytes=0-{size - 10}"}
    for number, limits in ranges.items():
        s3.upload_part_copy(**asked, PartNumber=number, CopySourceRange=limits, CopySourceIfMatch=made["etag"])
        for name in ("ExpectedBucketOwner", "ExpectedSourceBucketOwner"):
            wrong = {**asked, name: world.prod, "CopySourceRange": limits}
            refused("AccessDenied", "", s3.upload_part_copy, **wrong, PartNumber=number)
    parts = s3.list_parts(**to, **own)["Parts"]
    expect([(part["PartNumber"], part["Size"]) for part in parts], [(1, size - 9), (2, 9)])
    expect(parts[1]["ChecksumSHA256"], base64.b64encode(hashlib.sha256(bytes(9)).digest()).decode())
    page = s3.list_parts(**to, MaxParts=1)
    expect((page["IsTruncated"], page["NextPartNumberMarker"]), (True, 1))
    done = [{key: part[key] for key in ("PartNumber", "ETag", "ChecksumSHA256")} for part in parts]
    complete = {**to, **own, "MultipartUpload": {"Parts": done}}
    bare = [{key: part[key] for key in ("PartNumber", "ETag")} for part in parts]
    wrong = [done[0], {**done[1], "ChecksumSHA256": done[0]["ChecksumSHA256"]}]
    for listed, code in ((bare, "InvalidRequest"), (wrong, "InvalidPart")):
        refused(code, "", s3.complete_multipart_upload, **{**complete, "MultipartUpload": {"Parts": listed}})
    refused("InvalidRequest", "object-size", s3.complete_multipart_upload, **complete, MpuObjectSize=size + 1)
    reply = s3.complete_multipart_upload(**complete, IfNoneMatch="*", MpuObjectSize=size)
    sums = b"".join(base64.b64decode(part["ChecksumSHA256"]) for part in parts)
    composite = base64.b64encode(hashlib.sha256(sums).digest()).decode() + "-2"
    expect((reply["ChecksumSHA256"], reply["ChecksumType"]), (composite, "COMPOSITE"))
    head = s3.head_object(Bucket=to["Bucket"], Key=to["Key"], ChecksumMode="ENABLED")
    told = (head["ContentLength"], head["ETag"], head["ChecksumSHA256"], head["ChecksumType"])
    expect(told, (size, reply["ETag"], composite, "COMPOSITE"))
    copied = world.control(f"objects?bucket={to['Bucket']}")["models/huge"]
    expect((copied["sha256"], copied["size"]), (made["sha256"], size))
    refused("NoSuchUpload", "", s3.complete_multipart_upload, **complete, IfNoneMatch="*")
    world.artifact(world.artifacts, "vast", size=(5 << 30) + 1)
    vast = {"Bucket": to["Bucket"], "Key": "models/vast", "CopySource": f"{world.artifacts}/vast"}
    refused("InvalidRequest", "maximum allowable size", s3.copy_object, **vast)


@check("objects are listed by pages, and deleted together only with a checksum, by their owner")
def deletions(world: World) -> None:
    bucket = world.there["modelsBucket"]
    for name in "abc":
        world.artifact(bucket, f"models/r1/{name}&.tar.gz")
    world.artifact(bucket, "models/r10/a.tar.gz")
    s3 = world.client("s3", world.session())
    asked = {"Bucket": bucket, "Prefix": "models/r1/", "ExpectedBucketOwner": world.staging}
    pages = s3.get_paginator("list_objects_v2").paginate(**asked, PaginationConfig={"PageSize": 2})
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    expect(keys, [f"models/r1/{name}&.tar.gz" for name in "abc"])
    listed = {"Objects": [{"Key": key} for key in [*keys[:2], "models/r1/none"]]}
    refused("AccessDenied", "", s3.delete_objects, Bucket=bucket, Delete=listed, ExpectedBucketOwner=world.prod)
    other = world.client("s3", world.made_of["accounts"][1]["identity"])
    refused("AccessDenied", "", other.delete_objects, Bucket=bucket, Delete=listed)
    for checksum, code in ((None, "InvalidRequest"), ("AAAAAA==", "BadDigest")):
        careless = world.client("s3", world.session())
        change = functools.partial(_checksum, checksum)
        careless.meta.events.register("before-sign.s3.DeleteObjects", change)
        refused(code, "", careless.delete_objects, Bucket=bucket, Delete=listed)
    deleted = s3.delete_objects(Bucket=bucket, Delete=listed)["Deleted"]
    expect(sorted(item["Key"] for item in deleted), sorted(item["Key"] for item in listed["Objects"]))
    expect(sorted(world.control(f"objects?bucket={bucket}")), [keys[2], "models/r10/a.tar.gz"])


def _checksum(value: str | None, request: Any, **_: Any) -> None:
    """Put another checksum in place of boto3's own, or none."""
    for name in list(request.headers):
        if name.lower() == "content-md5" or name.lower().startswith("x-amz-checksum"):
            del request.headers[name]
    if value:
        request.headers["x-amz-checksum-crc32"] = value


@check("models and configs are deleted, also those in use, and then are not found")
def leftovers(world: World) -> None:
    sagemaker = world.endpoint()
    world.config(sagemaker, "two", "b")
    for name in ("one", "two"):
        sagemaker.delete_model(ModelName=name)
        sagemaker.delete_endpoint_config(EndpointConfigName=name)
        refused("ValidationException", "Could not find", sagemaker.delete_model, ModelName=name)
        refused("ValidationException", "Could not find", sagemaker.delete_endpoint_config, EndpointConfigName=name)
        refused("ValidationException", "Could not find", sagemaker.describe_endpoint_config, EndpointConfigName=name)
    expect(sagemaker.describe_endpoint(EndpointName="demand")["EndpointStatus"], "InService")


@check("an endpoint is created, tagged, invoked, and updated to a new config")
def endpoint(world: World) -> None:
    session = world.session()
    sagemaker = world.endpoint(session)
    runtime = world.client("sagemaker-runtime", session)
    ask = {
        "EndpointName": "demand",
        "TargetModel": "demand-de.tar.gz",
        "ContentType": "text/csv",
        "Body": "1,2,3\n4,5,6",
    }
    answer = json.load(runtime.invoke_endpoint(**ask)["Body"])
    expect(answer, {"predictions": [{"score": 16.5}, {"score": 27.0}], "model": "demand-de", "version": 3})
    world.artifact(world.there["modelsBucket"], "models/a/demand-de.tar.gz", 4)
    expect(json.load(runtime.invoke_endpoint(**ask)["Body"])["version"], 3)
    world.artifact(world.there["modelsBucket"], "models/b/demand-de.tar.gz", 5)
    world.config(sagemaker, "two", "b")
    sagemaker.update_endpoint(EndpointName="demand", EndpointConfigName="two")
    during = sagemaker.describe_endpoint(EndpointName="demand")
    expect((during["EndpointStatus"], during["EndpointConfigName"]), ("Updating", "one"))
    expect(during["PendingDeploymentSummary"]["EndpointConfigName"], "two")
    expect(json.load(runtime.invoke_endpoint(**ask)["Body"])["version"], 3)
    busy = f'Cannot update in-progress endpoint "{during["EndpointArn"]}"'
    refused("ValidationException", busy, sagemaker.update_endpoint, EndpointName="demand", EndpointConfigName="one")
    refused("ValidationException", busy, sagemaker.delete_endpoint, EndpointName="demand")
    expect(world.settled(sagemaker)["EndpointConfigName"], "two")
    expect(json.load(runtime.invoke_endpoint(**ask)["Body"])["version"], 5)
    current = {"EndpointName": "demand", "EndpointConfigName": "two"}
    refused("ValidationException", "current", sagemaker.update_endpoint, **current)
    shown = world.control(f"endpoints/{world.staging}/demand")
    expect((shown["config"], shown["targets"]["demand-de.tar.gz"]["version"]), ("two", 5))
    expect([h["outcome"] for h in shown["history"]], ["done", "done"])
    config = sagemaker.describe_endpoint_config(EndpointConfigName="two")
    tags = sagemaker.list_tags(ResourceArn=config["EndpointConfigArn"])["Tags"]
    expect(tags, [{"Key": "sluice:release", "Value": "two"}])


@check("endpoint changes are events in their own account's bus, with the registry's queue as target")
def endpoint_events(world: World) -> None:
    world.endpoint()
    bodies = [json.loads(m["Body"]) for m in world.receive()]
    seen = [(b["account"], b["detail"]["EndpointStatus"]) for b in bodies]
    expect(seen, [(world.staging, "CREATING"), (world.staging, "IN_SERVICE")])


@check("an update rolls back in silence, fails with a reason, and a failed creation can only be deleted")
def rollback(world: World) -> None:
    sagemaker = world.endpoint()
    order = {"account": world.staging, "endpoint": "demand"}
    world.control("endpoints/next", {**order, "outcome": "rollback"})
    world.config(sagemaker, "two")
    sagemaker.update_endpoint(EndpointName="demand", EndpointConfigName="two")
    after = world.settled(sagemaker)
    expect((after["EndpointStatus"], after["EndpointConfigName"]), ("InService", "one"))
    expect(after.get("FailureReason"), None)
    world.control("endpoints/next", {**order, "outcome": "fail", "reason": "no capacity"})
    sagemaker.update_endpoint(EndpointName="demand", EndpointConfigName="two")
    after = world.settled(sagemaker)
    expect((after["EndpointConfigName"], after["FailureReason"]), ("one", "no capacity"))
    sagemaker.delete_endpoint(EndpointName="demand")
    while sagemaker.list_endpoints()["Endpoints"]:
        time.sleep(0.05)
    world.control("endpoints/next", {**order, "outcome": "fail", "reason": "broken"})
    sagemaker.create_endpoint(EndpointName="demand", EndpointConfigName="one")
    after = world.settled(sagemaker)
    expect((after["EndpointStatus"], after["FailureReason"]), ("Failed", "broken"))
    refused("ValidationException", "failed", sagemaker.update_endpoint, EndpointName="demand", EndpointConfigName="two")
    sagemaker.delete_endpoint(EndpointName="demand")


@check("somebody else's update is in the way, and weights and counts are kept when asked")
def others(world: World) -> None:
    sagemaker = world.endpoint()
    world.control("endpoints/update", {"account": world.staging, "endpoint": "demand", "seconds": 0.2})
    world.config(sagemaker, "two")
    update = {"EndpointName": "demand", "EndpointConfigName": "two"}
    refused("ValidationException", "in-progress", sagemaker.update_endpoint, **update)
    world.settled(sagemaker)
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 4}]
    sagemaker.update_endpoint_weights_and_capacities(EndpointName="demand", DesiredWeightsAndCapacities=wanted)
    world.settled(sagemaker)
    sagemaker.update_endpoint(**update, RetainAllVariantProperties=True)
    variant = world.settled(sagemaker)["ProductionVariants"][0]
    expect((variant["CurrentInstanceCount"], variant["CurrentWeight"]), (4, 1.0))


def guarded(size: int = 50, wait: int = 1, kind: str = "CANARY", **policy: Any) -> dict[str, Any]:
    routing: dict[str, Any] = {"Type": kind, "WaitIntervalInSeconds": wait}
    if kind != "ALL_AT_ONCE":
        key = "CanarySize" if kind == "CANARY" else "LinearStepSize"
        routing[key] = {"Type": "CAPACITY_PERCENT", "Value": size}
    alarms = {"Alarms": [{"AlarmName": "5xx"}]}
    blue_green = {"TrafficRoutingConfiguration": routing, **policy}
    return {"BlueGreenUpdatePolicy": blue_green, "AutoRollbackConfiguration": alarms}


@check("a canary takes its wait, and an alarm meanwhile ends it on the old config without a reason")
def canary(world: World) -> None:
    session = world.session()
    sagemaker = world.endpoint(session)
    world.config(sagemaker, "two")
    world.control("endpoints/scale", {"account": world.staging, "endpoint": "demand", "count": 2})
    update = {"EndpointName": "demand", "EndpointConfigName": "two", "RetainAllVariantProperties": True}
    sagemaker.update_endpoint(**update, DeploymentConfig=guarded())
    time.sleep(UPDATE_SECONDS + 0.2)
    during = sagemaker.describe_endpoint(EndpointName="demand")
    pending = during["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]["Status"]
    expect((during["EndpointStatus"], during["EndpointConfigName"], pending), ("Updating", "one", "Baking"))
    after = world.settled(sagemaker)
    expect((after["EndpointConfigName"], after["LastDeploymentConfig"]), ("two", guarded()))
    update["EndpointConfigName"] = "one"
    sagemaker.update_endpoint(**update, DeploymentConfig=guarded(wait=3600))
    cloudwatch = world.client("cloudwatch", session)
    alarm = {"AlarmName": "5xx", "MetricName": "Errors", "Namespace": "x", "Statistic": "Sum", "Period": 60}
    alarm |= {"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(**alarm)
    cloudwatch.set_alarm_state(AlarmName="5xx", StateValue="ALARM", StateReason="test")
    after = world.settled(sagemaker)
    expect((after["EndpointStatus"], after["EndpointConfigName"]), ("InService", "two"))
    expect(after.get("FailureReason"), None)
    shown = world.control(f"endpoints/{world.staging}/demand")["history"]
    expect([(h["outcome"], h["traffic"]) for h in shown[-2:]], [("done", "CANARY"), ("rollback", "CANARY")])


@check("guardrails that do not apply end all at once in silence, none linger, and impossible ones are refused")
def guardrails(world: World) -> None:
    sagemaker = world.endpoint()
    update = {"EndpointName": "demand", "EndpointConfigName": "two", "RetainAllVariantProperties": True}
    world.config(sagemaker, "two")
    half = "at most 50% of variant AllTraffic's 1 instance"
    refuse = [(half, guarded()), (half, guarded(kind="LINEAR")), ("wait", guarded(wait=3601, kind="ALL_AT_ONCE"))]
    for text, deployment in refuse:
        refused("ValidationException", text, sagemaker.update_endpoint, **update, DeploymentConfig=deployment)
    order = {"account": world.staging, "endpoint": "demand"}
    world.control("endpoints/scale", {**order, "count": 2})
    late = {"MaximumExecutionTimeoutInSeconds": 600}
    refuse = [("CanarySize", guarded(51)), ("LinearStepSize", guarded(9, kind="LINEAR"))]
    for text, deployment in [*refuse, ("MaximumExecution", guarded(wait=600, **late))]:
        refused("ValidationException", text, sagemaker.update_endpoint, **update, DeploymentConfig=deployment)
    world.control("endpoints/next", {**order, "fallBack": True})
    sagemaker.update_endpoint(**update, DeploymentConfig=guarded(wait=3600))
    done = world.settled(sagemaker)["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    expect(done["Type"], "ALL_AT_ONCE")
    update["EndpointConfigName"] = "one"
    sagemaker.update_endpoint(**update)
    expect(world.settled(sagemaker).get("LastDeploymentConfig"), None)


@check("a single-model endpoint answers without a target model, and somebody else's keeps what it has")
def single_model(world: World) -> None:
    made = world.artifact(world.there["modelsBucket"], "theirs/model.tar.gz")
    vpc = {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    order = {"account": world.staging, "endpoint": "demand"}
    theirs = {"model": {"VpcConfig": vpc}, "config": {"KmsKeyId": "key"}, "variant": {"VolumeSizeInGB": 30}}
    world.control("endpoints/create", {**order, **theirs, "url": made["url"]})
    session = world.session()
    sagemaker = world.client("sagemaker", session)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=world.settled(sagemaker)["EndpointConfigName"])
    expect((config["KmsKeyId"], config["ProductionVariants"][0]["VolumeSizeInGB"]), ("key", 30))
    expect(sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])["VpcConfig"], vpc)
    runtime = world.client("sagemaker-runtime", session)
    ask = {"EndpointName": "demand", "ContentType": "text/csv", "Body": "1,2,3"}
    expect(json.load(runtime.invoke_endpoint(**ask)["Body"])["version"], 3)
    refused("ValidationError", "not a multi-model", runtime.invoke_endpoint, **ask, TargetModel="model.tar.gz")


@check("names that are taken or missing are refused in AWS's words")
def names(world: World) -> None:
    sagemaker = world.endpoint()
    arn = f"arn:aws:sagemaker:{REGION}:{world.staging}:"
    code = "ValidationException"
    create = {"EndpointName": "demand", "EndpointConfigName": "one"}
    refused(
        code, f'Cannot create already existing endpoint "{arn}endpoint/demand"', sagemaker.create_endpoint, **create
    )
    taken = f'Cannot create already existing model "{arn}model/one"'
    refused(code, taken, world.config, sagemaker=sagemaker, name="one")
    variant = {"VariantName": "A", "ModelName": "none", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    config = {"EndpointConfigName": "three", "ProductionVariants": [variant]}
    refused(code, f'Could not find model "{arn}model/none"', sagemaker.create_endpoint_config, **config)
    variant["ModelName"] = "one"
    config["EndpointConfigName"] = "one"
    taken = f'Cannot create already existing endpoint configuration "{arn}endpoint-config/one"'
    refused(code, taken, sagemaker.create_endpoint_config, **config)
    missing = f'Could not find endpoint "{arn}endpoint/none"'
    refused(code, missing, sagemaker.describe_endpoint, EndpointName="none")
    missing = f'Could not find endpoint configuration "{arn}endpoint-config/none"'
    update = {"EndpointName": "demand", "EndpointConfigName": "none"}
    refused(code, missing, sagemaker.update_endpoint, **update)
    refused(code, 'Could not find model "', sagemaker.list_tags, ResourceArn=f"{arn}model/none")
    group = {"ModelPackageGroupName": "demand-de"}
    refused(code, "Cannot create already existing", world.client("sagemaker").create_model_package_group, **group)


@check("lists are paged and filtered")
def lists(world: World) -> None:
    sagemaker = world.endpoint()
    for number in range(5):
        sagemaker.create_endpoint(EndpointName=f"more-{number}", EndpointConfigName="one")
    pages = sagemaker.get_paginator("list_endpoints").paginate(PaginationConfig={"PageSize": 2})
    expect(len({e["EndpointName"] for p in pages for e in p["Endpoints"]}), 6)
    expect(len(sagemaker.list_endpoints(StatusEquals="Creating")["Endpoints"]), 5)
    expect(len(sagemaker.list_endpoints(LastModifiedTimeAfter=time.time() + 60)["Endpoints"]), 0)
    for _ in range(3):
        world.package()
    registry = world.client("sagemaker")
    asked = {"ModelPackageGroupName": "demand-de", "PaginationConfig": {"PageSize": 2}}
    pages = registry.get_paginator("list_model_packages").paginate(**asked)
    versions = [p["ModelPackageVersion"] for page in pages for p in page["ModelPackageSummaryList"]]
    expect(versions, [1, 2, 3])


@check("another account reads packages by ARN, as far as the group's policy goes")
def across(world: World) -> None:
    arn = world.package(status="Approved")
    group = arn.rpartition("/")[0].replace("model-package/", "model-package-group/")
    sagemaker = world.client("sagemaker", world.session())
    expect(sagemaker.describe_model_package(ModelPackageName=arn)["ModelPackageVersion"], 1)
    listed = sagemaker.list_model_packages(ModelPackageGroupName=group)
    expect(len(listed["ModelPackageSummaryList"]), 1)
    change = {"ModelPackageArn": arn, "ModelApprovalStatus": "Rejected"}
    refused("AccessDeniedException", "sagemaker:UpdateModelPackage", sagemaker.update_model_package, **change)
    world.client("sagemaker").delete_model_package_group_policy(ModelPackageGroupName="demand-de")
    refused("AccessDeniedException", arn, sagemaker.describe_model_package, ModelPackageName=arn)
    world.control("packages/delete", {"arn": arn})
    refused("ValidationException", arn, world.client("sagemaker").describe_model_package, ModelPackageName=arn)


@check("each message shows who sent it, whatever it says itself")
def senders(world: World) -> None:
    for who in ("releaseManager", "dataScientist", "stranger"):
        world.client("sqs", who).send_message(QueueUrl=world.queue, MessageBody=who)
    role = world.made_of["roles"]["releaseManagers"]
    taken = world.client("sts", "releaseManager").assume_role(RoleArn=role["arn"], RoleSessionName="ana")
    world.client("sqs", taken["Credentials"]).send_message(QueueUrl=world.queue, MessageBody="role")
    world.client("sqs", world.session()).send_message(QueueUrl=world.queue, MessageBody="deploy")
    world.control("messages", {"queueUrl": world.queue, "body": "forged", "sender": "AROAFORGED:x"})
    got = {m["Body"]: m["Attributes"]["SenderId"] for m in world.receive()}
    wanted = {
        who: world.made_of["identities"][who]["userId"] for who in ("releaseManager", "dataScientist", "stranger")
    }
    wanted |= {"role": f"{role['id']}:ana", "deploy": f"{world.there['roleId']}:sluice-1", "forged": "AROAFORGED:x"}
    expect(got, wanted)
    if not all(re.match("AIDA|AROA", sender) for sender in got.values()):
        raise AssertionError(f"not all ids are AIDA or AROA: {got}")


@check("a long poll wakes at once, handles grow stale, and what is received too often is a dead letter")
def queues(world: World) -> None:
    sqs = world.client("sqs")
    threading.Timer(0.3, lambda: sqs.send_message(QueueUrl=world.queue, MessageBody="late")).start()
    started = time.time()
    first = world.receive(10, VisibilityTimeout=0)[0]
    if time.time() - started > 1:
        raise AssertionError("the long poll did not wake")
    second = world.receive()[0]
    expect(second["Attributes"]["ApproximateReceiveCount"], "2")
    sqs.delete_message(QueueUrl=world.queue, ReceiptHandle=first["ReceiptHandle"])
    stale = {"QueueUrl": world.queue, "ReceiptHandle": first["ReceiptHandle"], "VisibilityTimeout": 5}
    code = "AWS.SimpleQueueService.MessageNotInflight"
    refused(code, "", sqs.change_message_visibility, **stale)
    entries = [{"Id": "1", "ReceiptHandle": second["ReceiptHandle"]}, {"Id": "2", "ReceiptHandle": "nonsense"}]
    batch = sqs.delete_message_batch(QueueUrl=world.queue, Entries=entries)
    expect(([s["Id"] for s in batch["Successful"]], batch["Failed"][0]["Code"]), (["1"], "ReceiptHandleIsInvalid"))
    sqs.send_message(QueueUrl=world.queue, MessageBody="poison")
    for _ in range(10):
        expect(len(world.receive(1, VisibilityTimeout=0)), 1)
    expect(world.receive(0), [])
    dead = world.made_of["deadLetterQueueUrl"]
    expect(sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"], "poison")
    shown = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    expect(shown["Attributes"]["ApproximateNumberOfMessagesNotVisible"], "1")
    nowhere = world.queue.replace(world.registry, world.prod)
    code = "AWS.SimpleQueueService.NonExistentQueue"
    refused(code, "does not exist", sqs.receive_message, QueueUrl=nowhere)


@check("a poll whose client has gone takes no message with it")
def orphans(world: World) -> None:
    impatient = world.client("sqs", read_timeout=0.3)
    try:
        impatient.receive_message(QueueUrl=world.queue, WaitTimeSeconds=10)
        raise AssertionError("the poll did not wait")
    except ReadTimeoutError:
        pass
    impatient.close()
    world.control("messages", {"queueUrl": world.queue, "body": "for the successor"})
    message = world.receive(1)[0]
    expect(message["Attributes"]["ApproximateReceiveCount"], "1")
    shown = world.control(f"queues?queueUrl={world.queue}")
    expect((shown["inFlight"], shown["messages"][0]["body"]), (1, "for the successor"))


@check("an alarm tells when its state last changed, whatever sets it, and one that is missing is left out")
def alarms(world: World) -> None:
    cloudwatch = world.client("cloudwatch", world.session())
    alarm = {"AlarmName": "5xx", "MetricName": "Errors", "Namespace": "x", "Statistic": "Sum", "Period": 60}
    alarm |= {"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(**alarm)

    def shown() -> dict[str, Any]:
        reply = cloudwatch.describe_alarms(AlarmNames=["5xx", "none"])
        expect(reply["ResponseMetadata"]["HTTPHeaders"]["content-type"], "application/x-amz-json-1.0")
        [found] = reply["MetricAlarms"]
        return found

    fresh = shown()
    expect(fresh["StateValue"], "INSUFFICIENT_DATA")
    cloudwatch.set_alarm_state(AlarmName="5xx", StateValue="ALARM", StateReason="test")
    changed = shown()
    expect(changed["StateValue"], "ALARM")
    expect(changed["StateTransitionedTimestamp"] > fresh["StateTransitionedTimestamp"], True)
    world.control("alarms", {"account": world.staging, "name": "5xx", "state": "ALARM"})
    again = shown()
    expect(again["StateTransitionedTimestamp"], changed["StateTransitionedTimestamp"])
    expect(again["StateUpdatedTimestamp"] > changed["StateUpdatedTimestamp"], True)
    world.control("alarms", {"account": world.staging, "name": "both", "state": "OK", "composite": True})
    expect(cloudwatch.describe_alarms(AlarmNames=["both"])["CompositeAlarms"], [])
    asked = {"AlarmNames": ["5xx", "both"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 1}
    pages = list(cloudwatch.get_paginator("describe_alarms").paginate(**asked))
    expect([len(page["MetricAlarms"]) + len(page["CompositeAlarms"]) for page in pages], [1, 1])
    expect(pages[1]["CompositeAlarms"][0]["StateValue"], "OK")
    too_many = [str(n) for n in range(101)]
    refused("ValidationError", "100", cloudwatch.describe_alarms, AlarmNames=too_many)
    missing = {"AlarmName": "none", "StateValue": "OK", "StateReason": "test"}
    refused("ResourceNotFound", "none", cloudwatch.set_alarm_state, **missing)
    other = world.client("cloudwatch", world.made_of["accounts"][1]["identity"])
    expect(other.describe_alarms()["MetricAlarms"], [])


@check("the command line registers, approves, orders trouble and asks a model")
def command_line(world: World) -> None:
    sagemaker = world.endpoint()

    def run(*arguments: str) -> str:
        command = [sys.executable, str(HERE / "world.py"), "--url", world.url, "--registry", world.registry]
        return subprocess.run([*command, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout

    made = json.loads(run("register", "--group", "demand-de", "--coefficients", "1,2,0.5", "--intercept", "10"))
    expect(made["version"], 1)
    expect(made["url"], f"s3://{world.artifacts}/demand-de/1/model.tar.gz")
    run("approve", made["arn"])
    shown = world.client("sagemaker").describe_model_package(ModelPackageName=made["arn"])
    expect(shown["ModelApprovalStatus"], "Approved")
    expect(shown["InferenceSpecification"]["Containers"][0]["ModelDataETag"], made["etag"].strip('"'))
    answer = json.loads(run("invoke", world.staging, "demand", "--target", "demand-de.tar.gz", "1,2,3"))
    expect(answer["predictions"], [{"score": 16.5}])
    run("next", world.staging, "demand", "rollback", "--seconds", "0.1")
    world.config(sagemaker, "two")
    sagemaker.update_endpoint(EndpointName="demand", EndpointConfigName="two")
    world.settled(sagemaker)
    history = json.loads(run("endpoint", world.staging, "demand"))["history"]
    expect([h["outcome"] for h in history], ["done", "rollback"])
    keys = dict(line.split("=", 1) for line in run("keys", "worker").splitlines())
    expect(keys["AWS_ACCESS_KEY_ID"], world.made_of["identities"]["worker"]["accessKeyId"])
    expect(json.loads(run("calls", "--account", world.staging, "--counts"))["sagemaker.UpdateEndpoint"], 1)


@check("what the stand-in lacks is said plainly and is no error that clients repeat")
def lacking(world: World) -> None:
    sagemaker = world.client("sagemaker")
    expect(refused("StandInLacks", "cannot do", sagemaker.list_projects), 501)


@check("a request that does not fit AWS's own model of it is refused")
def misfits(world: World) -> None:
    careless = world.client("sagemaker", parameter_validation=False)
    refused("ValidationException", "Missing", careless.update_endpoint, EndpointName="demand")
    refused("ValidationException", "Invalid type", careless.list_endpoints, MaxResults="ten")
    # boto3 cannot be brought to send a member that AWS does not know, so this one is asked directly.
    try:
        shapes.check("sagemaker", "DescribeEndpoint", {"EndpointName": "demand", "Endpoint": "demand"})
    except AWSError as error:
        expect("Unknown parameter" in error.message, True)
    else:
        raise AssertionError("a member that AWS does not know was let through")


@check("a model that is missing, unreadable or asked wrongly fails as on AWS")
def wrong_models(world: World) -> None:
    session = world.session()
    world.endpoint(session)
    runtime = world.client("sagemaker-runtime", session)
    ask = {"EndpointName": "demand", "ContentType": "text/csv", "Body": "1,2,3"}
    missing = {"TargetModel": "no.tar.gz"}
    expect(refused("ValidationError", "Failed to download", runtime.invoke_endpoint, **ask, **missing), 400)
    junk = {"bucket": world.there["modelsBucket"], "key": "models/a/junk.tar.gz"}
    world.control("artifacts", {**junk, "base64": base64.b64encode(b"junk").decode()})
    expect(refused("ModelError", "500", runtime.invoke_endpoint, **ask, TargetModel="junk.tar.gz"), 424)
    ask |= {"Body": "1,2", "TargetModel": "demand-de.tar.gz"}
    refused("ModelError", "3 columns", runtime.invoke_endpoint, **ask)
    ask["EndpointName"] = "none"
    refused("ValidationError", f"of account {world.staging} not found", runtime.invoke_endpoint, **ask)


@check("a model is not ready at first in each fleet, answers in CSV where asked, and what it was asked is kept")
def loading(world: World) -> None:
    session = world.session()
    about = {"account": world.staging, "endpoint": "demand", "target": "demand-de.tar.gz"}
    world.control("endpoints/loading", {**about, "invocations": 2, "seconds": 0.2})
    sagemaker = world.endpoint(session)
    runtime = world.client("sagemaker-runtime", session)
    ask = {"EndpointName": "demand", "TargetModel": "demand-de.tar.gz", "ContentType": "text/csv"}
    ask["Body"] = "1,2,3\n2,2,2"

    def becomes_ready() -> None:
        for _ in range(2):
            expect(refused("ModelNotReadyException", "not ready", runtime.invoke_endpoint, **ask), 429)
        time.sleep(0.2)
        expect(json.load(runtime.invoke_endpoint(**ask)["Body"])["predictions"], [{"score": 16.5}, {"score": 17.0}])

    becomes_ready()
    answer = runtime.invoke_endpoint(**ask, Accept="text/csv")
    expect((answer["ContentType"], answer["Body"].read()), ("text/csv", b"16.5,demand-de,3\n17.0,demand-de,3\n"))
    query = f"account={world.staging}&endpoint=demand"
    asked = world.control(f"invocations?{query}&target=demand-de.tar.gz")
    expect([a["accept"] for a in asked[-2:]], ["*/*", "text/csv"])
    expect((len(asked), asked[0]["body"], asked[0]["contentType"]), (4, "1,2,3\n2,2,2", "text/csv"))
    expect(world.control(f"invocations?{query}&target=other.tar.gz"), [])
    world.config(sagemaker, "two")
    sagemaker.update_endpoint(EndpointName="demand", EndpointConfigName="two")
    world.settled(sagemaker)
    becomes_ready()


@check("faults come on order: instead, after, dropped, delayed, held, as often as asked")
def faults(world: World) -> None:
    sagemaker = world.endpoint()
    order = {"match": r"sagemaker\.DescribeEndpoint$", "account": world.staging}
    throttled = {"status": 400, "code": "ThrottlingException", "message": "Rate exceeded"}
    made = world.control("faults", {**order, **throttled, "times": 2})
    for _ in range(2):
        refused("ThrottlingException", "Rate", sagemaker.describe_endpoint, EndpointName="demand")
    sagemaker.describe_endpoint(EndpointName="demand")
    expect([f["fired"] for f in world.control("faults") if f["id"] == made["id"]], [2])
    world.config(sagemaker, "two")
    after = {
        "match": "UpdateEndpoint",
        "account": world.staging,
        "when": "after",
        "status": 500,
        "code": "InternalFailure",
    }
    world.control("faults", after)
    update = {"EndpointName": "demand", "EndpointConfigName": "two"}
    expect(refused("InternalFailure", "", sagemaker.update_endpoint, **update), 500)
    expect(world.settled(sagemaker)["EndpointConfigName"], "two")
    world.control("faults", {**order, "when": "drop-after"})
    try:
        sagemaker.describe_endpoint(EndpointName="demand")
        raise AssertionError("the connection was not dropped")
    except (ConnectionClosedError, EndpointConnectionError):
        pass
    held = world.control("faults", {**order, "when": "hold-after"})
    threading.Timer(0.3, lambda: world.control(f"faults/{held['id']}", method="DELETE")).start()
    started = time.time()
    sagemaker.describe_endpoint(EndpointName="demand")
    if time.time() - started < 0.25:
        raise AssertionError("the reply was not held")
    s3 = world.client("s3", world.session())
    world.control(
        "faults", {"match": "s3.CopyObject", "account": world.staging, "status": 200, "code": "InternalError"}
    )
    source = f"{world.there['modelsBucket']}/models/a/demand-de.tar.gz"
    copy = {"Bucket": world.there["modelsBucket"], "Key": "models/z", "CopySource": source}
    refused("InternalError", "", s3.copy_object, **copy)


@check("a fault lets one entry of a batch fail, and what is in flight comes back when asked")
def entries_and_returns(world: World) -> None:
    sqs = world.client("sqs")
    world.control("messages", {"queueUrl": world.queue, "bodies": ["a", "b"], "times": 2})
    received = world.receive(4)
    expect([m["Body"] for m in received], ["a", "b", "a", "b"])
    expect(world.control("messages/return", {"queueUrl": world.queue}), {"visible": 4})
    entries = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in world.receive(4)]
    order = {"match": "sqs.DeleteMessageBatch", "account": world.registry, "when": "entry"}
    world.control("faults", {**order, "code": "ReceiptHandleIsInvalid", "status": 404})
    batch = sqs.delete_message_batch(QueueUrl=world.queue, Entries=entries)
    expect([(f["Id"], f["Code"]) for f in batch["Failed"]], [(entries[0]["Id"], "ReceiptHandleIsInvalid")])
    expect(len(batch["Successful"]), 3)
    world.control("messages/return", {"queueUrl": world.queue})
    expect([m["Attributes"]["ApproximateReceiveCount"] for m in world.receive(1)], ["3"])


@check("a fault lets so many calls through first, tears a reply in two, and shows a clock that is off")
def torn_and_skewed(world: World) -> None:
    sagemaker = world.endpoint()
    order = {"match": r"sagemaker\.DescribeEndpoint$", "account": world.staging}
    made = world.control("faults", {**order, "when": "half", "skip": 1})
    sagemaker.describe_endpoint(EndpointName="demand")
    try:
        sagemaker.describe_endpoint(EndpointName="demand")
        raise AssertionError("the reply was whole")
    except (ConnectionClosedError, ResponseStreamingError):
        pass
    expect([f["fired"] for f in world.control("faults") if f["id"] == made["id"]], [1])
    skewed = {"status": 403, "code": "RequestTimeTooSkewed", "clockSeconds": 3600}
    world.control("faults", {**order, **skewed})
    try:
        sagemaker.describe_endpoint(EndpointName="demand")
        raise AssertionError("the call was not refused")
    except ClientError as error:
        shown = error.response["ResponseMetadata"]["HTTPHeaders"]["date"]
    ahead = parsedate_to_datetime(shown).timestamp() - time.time()
    if not 3500 < ahead < 3700:
        raise AssertionError(f"the Date is {ahead:.0f} s ahead")


@check("a door refuses connections for a while, and is open again")
def shut_door(world: World) -> None:
    url = world.control("doors", {})["url"]
    keys = world.made_of["identities"]["worker"]
    more = {"aws_access_key_id": keys["accessKeyId"], "aws_secret_access_key": keys["secretAccessKey"]}
    config = Config(retries={"total_max_attempts": 1})
    sts = boto3.client("sts", region_name=REGION, endpoint_url=url, config=config, **more)
    expect(sts.get_caller_identity()["Account"], world.registry)
    order = {"match": r"sts\.GetCallerIdentity$", "account": world.registry}
    world.control("faults", {**order, "when": "refuse"})
    for error in (ConnectionClosedError, EndpointConnectionError, EndpointConnectionError):
        try:
            sts.get_caller_identity()
            raise AssertionError(f"{error.__name__} was expected")
        except error:
            pass
    door = f"doors/{url.rpartition(':')[2]}"
    world.control(f"{door}/open", {})
    expect(sts.get_caller_identity()["Account"], world.registry)
    world.control(door, method="DELETE")
    try:
        sts.get_caller_identity()
        raise AssertionError("the door is closed")
    except (ConnectionClosedError, EndpointConnectionError):
        pass


@check("an account's clock may be ahead, and so are its Dates and the ends of its sessions")
def clock_ahead(world: World) -> None:
    world.control("clock", {"accounts": [world.registry], "seconds": 3600})
    try:
        world.client("sts", attempts=1).get_caller_identity()
        raise AssertionError("the call was not refused")
    except ClientError as error:
        expect(error.response["Error"]["Code"], "SignatureDoesNotMatch")
        shown = error.response["ResponseMetadata"]["HTTPHeaders"]["date"]
    ahead = parsedate_to_datetime(shown).timestamp() - time.time()
    if not 3500 < ahead < 3700:
        raise AssertionError(f"the Date is {ahead:.0f} s ahead")
    world.control("clock", {"accounts": [world.registry], "seconds": 0})
    world.assume()


@check("an account may have a queue of its own, and a role of another account may send to it")
def own_queue(world: World) -> None:
    account = {"name": "eu", "account": f"4{World.made:011d}", "queue": True}
    made = world.control("worlds", {"registry": world.registry, "accounts": [account], "externalId": "acme"})
    url = made["accounts"][0]["queueUrl"]
    expect(made["identities"], world.made_of["identities"])
    world.client("sqs", world.session()).send_message(QueueUrl=url, MessageBody="handoff")
    own = world.client("sqs", made["accounts"][0]["identity"])
    message = own.receive_message(QueueUrl=url, MessageSystemAttributeNames=["SenderId"])["Messages"][0]
    expect(message["Attributes"]["SenderId"], f"{world.there['roleId']}:sluice-1")


@check("an account is held to its rate and another is not")
def throttled(world: World) -> None:
    sagemaker = world.client("sagemaker", world.session())
    world.control("throttle", {"account": world.staging, "match": "sagemaker", "perSecond": 0.1, "burst": 2})
    for _ in range(2):
        sagemaker.list_endpoints()
    refused("ThrottlingException", "Rate exceeded", sagemaker.list_endpoints)
    world.client("sagemaker", world.made_of["accounts"][1]["identity"]).list_endpoints()
    expect(world.control(f"throttle?account={world.staging}")[0]["refused"], 1)
    world.control("throttle", {"account": world.staging, "match": "sagemaker"})
    sagemaker.list_endpoints()


@check("one approval is delivered twenty times with one id")
def repeated(world: World) -> None:
    arn = world.package()
    world.receive()
    world.control("packages/announce", {"arn": arn, "times": 20})
    ids = [json.loads(m["Body"])["id"] for _ in range(2) for m in world.receive()]
    expect((len(ids), len(set(ids))), (20, 1))


@check("calls are counted per account, with caller and subject")
def counted(world: World) -> None:
    sagemaker = world.endpoint()
    counts = world.control(f"calls/counts?account={world.staging}")
    expect((counts["sagemaker.CreateEndpoint"], counts["sagemaker.CreateModel"]), (1, 1))
    calls = world.control(f"calls?account={world.staging}")
    created = next(c for c in calls if c["operation"] == "CreateEndpoint")
    expect((created["subject"], created["status"]), ("demand", 200))
    expect(created["caller"], f"arn:aws:sts::{world.staging}:assumed-role/sluice-deploy/sluice-1")
    expect(world.control(f"calls?account={world.staging}&since={calls[-1]['n']}"), [])
    world.control("clear-calls", {"account": world.staging})
    expect(world.control(f"calls/counts?account={world.staging}"), {})
    expect(sagemaker.list_endpoints()["Endpoints"][0]["EndpointName"], "demand")


@check("a single call takes a few milliseconds, in a queue of two thousand messages too")
def fast(world: World) -> str:
    told = []
    sagemaker = world.endpoint()
    sqs = world.client("sqs")
    for batch in range(200):
        entries = [{"Id": str(n), "MessageBody": f"{batch}-{n}"} for n in range(10)]
        sqs.send_message_batch(QueueUrl=world.queue, Entries=entries)
    for name, call in (
        ("DescribeEndpoint", lambda: sagemaker.describe_endpoint(EndpointName="demand")),
        ("ReceiveMessage", lambda: sqs.receive_message(QueueUrl=world.queue, MaxNumberOfMessages=10)),
    ):
        started = time.perf_counter()
        for _ in range(50):
            call()
        each = (time.perf_counter() - started) / 50 * 1000
        told.append(f"{name} {each:.1f} ms")
        if each > 15:
            raise AssertionError(f"{name} takes {each:.1f} ms")
    return ", ".join(told) + ", boto3's own time included"


def main() -> int:
    wanted = sys.argv[1:]
    command = [sys.executable, str(HERE / "aws.py"), "--update-seconds", str(UPDATE_SECONDS), "--with-parent"]
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            url = line.split()[-1]
            passed, failed = run(url, wanted)
        finally:
            server.terminate()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def run(url: str, wanted: list[str]) -> tuple[int, int]:
    passed = failed = 0
    for title, function in CHECKS:
        if wanted and function.__name__ not in wanted:
            continue
        try:
            told = function(World(url))
        except urllib.error.HTTPError as error:
            failed += 1
            print(f"FAIL  {function.__name__}: {title}\n      {error.url}: {error.read().decode()}")
        except Exception:
            failed += 1
            print(f"FAIL  {function.__name__}: {title}\n{traceback.format_exc()}")
        else:
            passed += 1
            print(f"ok    {title}{f' ({told})' if told else ''}", flush=True)
    return passed, failed


if __name__ == "__main__":
    # By its name, so that the modules with further checks find the same list.
    import check as checks
    import check_organizations  # noqa: F401
    import check_policies  # noqa: F401
    import check_stacks  # noqa: F401
    import check_templates  # noqa: F401
    import check_worker  # noqa: F401

    sys.exit(checks.main())
