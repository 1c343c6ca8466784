"""What the local stand-in for AWS allows an account that is held to its policies; part of check.py."""

from __future__ import annotations

import json
from typing import Any

from check import World, check, expect, refused
from standin import policy
from standin.wire import AWSError


def allow(actions: Any, resources: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


class Held:
    """A world whose accounts are held to their policies, the deployment role of staging having these statements."""

    def __init__(self, world: World, *statements: dict[str, Any]) -> None:
        self.world, self.staging, self.there = world, world.staging, world.there
        self.keys = world.session()
        self.role = world.there["roleArn"]
        self.say(*statements)
        world.control("policies/enforce", {"accounts": [world.registry, world.staging]})

    def say(self, *statements: dict[str, Any]) -> None:
        self.put(self.staging, self.role, "inline", *statements)

    def put(self, account: str, holder: str, kind: str, *statements: dict[str, Any]) -> None:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        asked = {"account": account, "holder": holder, "kind": kind, "name": "given", "document": document}
        self.world.control("policies", asked)

    def client(self, service: str) -> Any:
        return self.world.client(service, self.keys)

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:sagemaker:eu-west-1:{self.staging}:{kind}/{name}"


@check("without a policy nothing is allowed, and each service refuses in its own shape")
def shapes(world: World) -> None:
    sagemaker = world.endpoint()
    held = Held(world)
    who = f"arn:aws:sts::{world.staging}:assumed-role/sluice-deploy/sluice-1"
    arn = held.arn("endpoint", "demand")
    why = "because no identity-based policy allows the sagemaker:DescribeEndpoint action"
    text = f"User: {who} is not authorized to perform: sagemaker:DescribeEndpoint on resource: {arn} {why}"
    sagemaker = held.client("sagemaker")
    expect(refused("AccessDeniedException", text, sagemaker.describe_endpoint, EndpointName="demand"), 400)
    # An action on nothing in particular names no resource.
    refused("AccessDeniedException", "sagemaker:ListEndpoints because no", sagemaker.list_endpoints)
    invoke = held.client("sagemaker-runtime").invoke_endpoint
    expect(refused("AccessDeniedException", arn, invoke, EndpointName="demand", Body=b"1"), 403)
    queue = {"QueueUrl": world.queue}
    expect(
        refused("AccessDenied", "sqs:receivemessage on resource: arn:aws", held.client("sqs").receive_message, **queue),
        403,
    )
    bucket = world.there["modelsBucket"]
    quoted = f's3:ListBucket on resource: "arn:aws:s3:::{bucket}" because'
    expect(refused("AccessDenied", quoted, held.client("s3").list_objects_v2, Bucket=bucket), 403)
    role = {"RoleArn": held.role, "RoleSessionName": "again"}
    expect(refused("AccessDenied", "sts:AssumeRole on resource", held.client("sts").assume_role, **role), 403)
    entry = {"Source": "sluice", "DetailType": "x", "Detail": "{}"}
    refused("AccessDeniedException", "event-bus/default", held.client("events").put_events, Entries=[entry])
    refused("AccessDenied", "alarm:*", held.client("cloudwatch").describe_alarms)
    # Who somebody is, everybody may ask; and an account that did not ask for it is not held to anything.
    expect(held.client("sts").get_caller_identity()["Arn"], who)
    world.control("policies/enforce", {"accounts": [world.staging], "on": False})
    sagemaker.describe_endpoint(EndpointName="demand")


@check("a model needs its role passed to SageMaker, and its tags allowed")
def passing(world: World) -> None:
    model, role = allow("sagemaker:CreateModel"), world.there["executionRoleArn"]
    held = Held(world, model)
    sagemaker = held.client("sagemaker")
    asked = {"ModelName": "One", "ExecutionRoleArn": role, "PrimaryContainer": {"Image": "linear:1"}}
    refused("AccessDeniedException", f"iam:PassRole on resource: {role}", sagemaker.create_model, **asked)
    elsewhere = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    held.say(model, allow("iam:PassRole", role, Condition=elsewhere))
    refused("AccessDeniedException", "iam:PassRole", sagemaker.create_model, **asked)
    passed = allow("iam:PassRole", role, Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}})
    held.say(model, passed)
    tagged = {**asked, "Tags": [{"Key": "a", "Value": "b"}]}
    refused("AccessDeniedException", "sagemaker:AddTags on resource", sagemaker.create_model, **tagged)
    held.say(allow("sagemaker:CreateModel", held.arn("model", "two*")), passed)
    refused("AccessDeniedException", "model/one because", sagemaker.create_model, **asked)
    held.say(allow("sagemaker:Create*", held.arn("model", "one")), passed, allow("sagemaker:AddTags"))
    sagemaker.create_model(**tagged)
    # An explicit deny wins over whatever allows.
    held.say(allow("*"), {**allow("sagemaker:DescribeModel"), "Effect": "Deny"})
    text = "with an explicit deny in an identity-based policy"
    refused("AccessDeniedException", text, sagemaker.describe_model, ModelName="one")
    # What no policy can be asked about is no answer of AWS's.
    held.say(allow("*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    expect(refused("StandInLacks", "aws:SourceIp", sagemaker.describe_model, ModelName="one"), 501)


@check("objects need the action of their version, both sides of a copy, and a listing to be told missing")
def objects(world: World) -> None:
    bucket, artifacts = world.there["modelsBucket"], world.artifacts
    world.artifact(artifacts, "a.tar.gz")
    world.artifact(bucket, "models/a")
    read, write = (
        allow("s3:GetObject", f"arn:aws:s3:::{artifacts}/*"),
        allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*"),
    )
    held = Held(world, read)
    s3 = held.client("s3")
    copy = {"Bucket": bucket, "Key": "models/b", "CopySource": {"Bucket": artifacts, "Key": "a.tar.gz"}}
    s3.head_object(Bucket=artifacts, Key="a.tar.gz")
    refused("AccessDenied", "s3:PutObject", s3.copy_object, **copy)
    held.say(write)
    refused("AccessDenied", "no identity-based policy allows the s3:GetObject", s3.copy_object, **copy)
    held.say(read, write)
    s3.copy_object(**copy)
    refused("AccessDenied", "s3:GetObjectVersion", s3.get_object, Bucket=artifacts, Key="a.tar.gz", VersionId="null")
    # The other account has a say of its own.
    held.put(world.registry, f"arn:aws:s3:::{artifacts}", "resource", allow("s3:ListBucket", Principal="*"))
    refused("AccessDenied", "no resource-based policy allows the s3:GetObject", s3.copy_object, **copy)
    held.say(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    missing = {"Bucket": bucket, "Key": "models/missing"}
    refused("AccessDenied", "s3:ListBucket", s3.get_object, **missing)
    expect(refused("403", "Forbidden", s3.head_object, **missing), 403)
    held.say(allow("s3:GetObject"), allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"))
    refused("NoSuchKey", "does not exist", s3.get_object, **missing)
    listed = allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition={"StringLike": {"s3:prefix": "models/*"}})
    held.say(listed)
    expect(s3.list_objects_v2(Bucket=bucket, Prefix="models/")["KeyCount"], 2)
    refused("AccessDenied", "s3:ListBucket", s3.list_objects_v2, Bucket=bucket)
    # Of many keys each is refused by itself, in a reply that is none.
    delete = {"Objects": [{"Key": "models/a"}, {"Key": "models/b"}]}
    errors = s3.delete_objects(Bucket=bucket, Delete=delete)["Errors"]
    expect([(e["Key"], e["Code"]) for e in errors], [("models/a", "AccessDenied"), ("models/b", "AccessDenied")])
    held.say(allow("s3:DeleteObject", f"arn:aws:s3:::{bucket}/models/*"))
    expect(len(s3.delete_objects(Bucket=bucket, Delete=delete)["Deleted"]), 2)


@check(
    "a role is assumed where its trust and the caller's own policy say so, and a message sent where one of them does"
)
def both_sides(world: World) -> None:
    held = Held(world)
    worker = f"arn:aws:iam::{world.registry}:user/sluice-worker"
    refused("AccessDenied", "no identity-based policy allows the sts:AssumeRole", world.assume)
    held.put(world.registry, worker, "inline", allow("sts:AssumeRole", f"{held.role}x"))
    refused("AccessDenied", "sts:AssumeRole", world.assume)
    there = {"StringEquals": {"aws:ResourceAccount": world.staging}}
    held.put(
        world.registry, worker, "inline", allow("sts:AssumeRole", "arn:aws:iam::*:role/sluice-deploy", Condition=there)
    )
    world.assume()
    refused("AccessDenied", "sts:AssumeRole", world.assume, ExternalId="other")
    queue, manager = world.made_of["queueArn"], world.made_of["identities"]["releaseManager"]
    send = {"QueueUrl": world.queue, "MessageBody": "x"}
    refused("AccessDenied", "sqs:sendmessage", world.client("sqs", "releaseManager").send_message, **send)
    refused("AccessDenied", "sqs:sendmessage", held.client("sqs").send_message, **send)
    principals = {"AWS": [manager["arn"], held.role]}
    held.put(world.registry, queue, "resource", allow("sqs:SendMessage", queue, Principal=principals))
    # Within an account the queue's word will do; from another account the sender's own policy has to agree.
    world.client("sqs", "releaseManager").send_message(**send)
    refused("AccessDenied", "no identity-based policy", held.client("sqs").send_message, **send)
    held.say(allow("sqs:SendMessage", queue))
    held.client("sqs").send_message(**send)


@check("an event arrives where the queue lets its rule in, and else in the rule's dead letters")
def events(world: World) -> None:
    held = Held(world)
    registry, queue, dead = world.registry, world.made_of["queueArn"], world.made_of["deadLetterQueueArn"]
    admin = world.control("administrators", {"account": registry})
    look = lambda url: world.control(f"queues?queueUrl={url}")["visible"]  # noqa: E731
    world.package()
    expect((look(world.queue), look(world.made_of["deadLetterQueueUrl"])), (0, 0))
    rule = f"arn:aws:events:eu-west-1:{registry}:rule/sluice-model-packages"

    def let(arn: str, source: str) -> None:
        condition = {"ArnEquals": {"aws:SourceArn": source}}
        service = {"Service": "events.amazonaws.com"}
        held.put(registry, arn, "resource", allow("sqs:SendMessage", arn, Principal=service, Condition=condition))

    let(queue, rule + "-other")
    world.control("policies/enforce", {"accounts": [registry], "on": False})
    target = {"Id": "sluice", "Arn": queue, "DeadLetterConfig": {"Arn": dead}}
    world.client("events", admin).put_targets(Rule="sluice-model-packages", Targets=[target])
    world.control("policies/enforce", {"accounts": [registry]})
    let(dead, rule)
    world.package()
    expect((look(world.queue), look(world.made_of["deadLetterQueueUrl"])), (0, 1))
    let(queue, rule)
    world.package()
    expect((look(world.queue), look(world.made_of["deadLetterQueueUrl"])), (1, 1))


# The language by itself.

FACTS = {**policy.about(policy.Caller("1" * 12, "arn:aws:iam::1:user/a", "AIDA", "", "")), "sts:ExternalId": "acme"}
ROLE = "arn:aws:iam::222222222222:role/sluice-deploy"
LANGUAGE: list[tuple[dict[str, Any], str, bool]] = [
    ({"Condition": {"StringEquals": {"sts:ExternalId": ["x", "acme"]}}}, ROLE, True),
    ({"Condition": {"StringEquals": {"sts:ExternalId": "Acme"}}}, ROLE, False),
    ({"Condition": {"StringEqualsIgnoreCase": {"sts:externalid": "Acme"}}}, ROLE, True),
    ({"Condition": {"StringNotEquals": {"sts:ExternalId": ["acme", "x"]}}}, ROLE, False),
    ({"Condition": {"StringLike": {"sts:ExternalId": "ac*"}}}, ROLE, True),
    ({"Condition": {"StringEquals": {"sts:RoleSessionName": "a"}}}, ROLE, False),
    ({"Condition": {"StringEqualsIfExists": {"sts:RoleSessionName": "a"}}}, ROLE, True),
    ({"Condition": {"StringNotLike": {"sts:RoleSessionName": "a"}}}, ROLE, True),
    ({"Condition": {"Null": {"sts:RoleSessionName": "true"}}}, ROLE, True),
    ({"Condition": {"Null": {"sts:ExternalId": True}}}, ROLE, False),
    ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, ROLE, False),
    ({"Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}}, ROLE, True),
    ({"Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}}, ROLE, False),
    ({"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}}, ROLE, True),
    ({"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:*:user/a"}}}, ROLE, False),
    ({"Resource": "arn:aws:iam::*:role/sluice-?eploy"}, ROLE, True),
    ({"Resource": "arn:aws:iam::*:role/sluice-[d]eploy"}, ROLE, False),
    ({"Resource": "arn:aws:iam::*:role/${aws:username}"}, "arn:aws:iam::1:role/a", True),
    ({"NotResource": ROLE}, ROLE, False),
    ({"Action": "STS:assume*"}, ROLE, True),
    ({"NotAction": "sts:*"}, ROLE, False),
]


@check("the policy language is AWS's, and what of it is not known is said to be")
def language(_: World) -> None:
    for part, resource, wanted in LANGUAGE:
        given = {"Action": "*", **part} if "NotAction" not in part else part
        document = json.dumps({"Statement": {"Effect": "Allow", **given}})
        held = policy.decide(document, None, "sts:AssumeRole", resource, FACTS) == policy.ALLOWED
        if held is not wanted:
            raise AssertionError(f"{part} should {'' if wanted else 'not '}apply to {resource}")
    for unknown in (
        {"Condition": {"DateLessThan": {"sts:ExternalId": "x"}}},
        {"Condition": {"StringEquals": {"aws:SourceVpce": "x"}}},
        {"NotPrincipal": "*"},
        {"Resource": "${aws:PrincipalTag}"},
    ):
        try:
            policy.decide(json.dumps({"Statement": {**allow("*"), **unknown}}), None, "sts:AssumeRole", ROLE, FACTS)
        except AWSError as error:
            expect(error.code, "StandInLacks")
        else:
            raise AssertionError(f"{unknown} was judged")
