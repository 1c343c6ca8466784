"""All that registry.yaml and deployment-account.yaml grant, send on and watch; part of check.py."""

from __future__ import annotations

import json
from typing import Any

from check import World, check, expect
from check_stacks import REGISTRY, Maker

IN_CLEAR = {"Bool": {"aws:SecureTransport": "false"}}
READS = ["s3:GetObject", "s3:GetObjectVersion"]


def _about(statements: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """What statements are about, by their Sids: the resources, the conditions and, of a resource's own, who."""
    return {
        one["Sid"]: (one["Resource"], one.get("Condition"), *([one["Principal"]] if "Principal" in one else []))
        for one in statements
    }


def _granted(maker: Maker, role: str) -> dict[str, tuple[Any, ...]]:
    return _about(list(maker.role(role)[1].values()))


class Registry:
    """A stack of registry.yaml, called flow, with an artifact bucket of its account."""

    def __init__(self, world: World, **parameters: str) -> None:
        self.world, self.account, self.maker = world, world.registry, Maker(world, world.registry)
        self.bucket = f"artifacts-{world.registry}"
        place = {"LocationConstraint": "eu-west-1"}
        self.maker.client("s3").create_bucket(Bucket=self.bucket, CreateBucketConfiguration=place)
        self.outputs = self.maker.file("registry", **{**REGISTRY, "ArtifactBucket": self.bucket, **parameters})

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:eu-west-1:{self.account}:{rest}"

    def bucket_policy(self) -> dict[str, tuple[Any, ...]]:
        policy = self.maker.client("s3").get_bucket_policy(Bucket=self.bucket)["Policy"]
        return _about(json.loads(policy)["Statement"])

    def bus_policy(self) -> dict[str, Any]:
        policy = self.maker.client("events").describe_event_bus(Name="flow-endpoints")["Policy"]
        [statement] = json.loads(policy)["Statement"]
        return statement


@check("registry.yaml lets in and grants what it is for, to whom it is for, and nothing else")
def registry_grants(world: World) -> None:
    onward = f"arn:aws:sqs:eu-west-1:{world.prod}:sluice"
    accounts = {"DeploymentAccounts": f"{world.staging},{world.prod}", "DeploymentRoleName": "flow-deploy"}
    made = Registry(world, **accounts, ArtifactPrefix="models/", DownstreamQueues=onward)
    queue, undelivered = made.arn("sqs", "flow"), made.arn("sqs", "flow-undelivered")
    rules = [made.arn("events", f"rule/{name}") for name in ("flow-packages", "flow-endpoints/flow-endpoints")]
    projects, events = made.arn("events", "rule/sagemaker-*-flow"), {"Service": "events.amazonaws.com"}
    sources = {"ArnLike": {"aws:SourceArn": [*rules, projects]}}
    in_clear = (queue, IN_CLEAR, "*")
    statements = made.maker.queue("flow")[1]
    expect(statements["NothingInClear"]["Effect"], "Deny")
    expect(_about(list(statements.values())), {"Events": (queue, sources, events), "NothingInClear": in_clear})
    sources = {"ArnLike": {"aws:SourceArn": [*rules, made.arn("events", "rule/flow-log"), projects]}}
    statements = made.maker.queue("flow-undelivered")[1]
    expect(_about(list(statements.values())), {"Events": (undelivered, sources, events)})
    deployed = {"AWS": [world.staging, world.prod]}
    statement = made.bus_policy()
    kind = {"StringEquals": {"events:detail-type": "SageMaker Endpoint State Change"}}
    expect(statement["Condition"], {**kind, "ForAllValues:StringEquals": {"events:source": "aws.sagemaker"}})
    expect((statement["Principal"], statement["Action"]), (deployed, "events:PutEvents"))
    bucket, role = f"arn:aws:s3:::{made.bucket}", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/flow-deploy"}}
    there = {
        "SluiceReadsArtifacts": (f"{bucket}/models/*", role, deployed),
        "SluiceTellsMissingFromDenied": (bucket, role, deployed),
        "NothingInClear": ([bucket, f"{bucket}/*"], IN_CLEAR, "*"),
    }
    expect(made.bucket_policy(), there)
    of_accounts = {"StringEquals": {"aws:ResourceAccount": [world.staging, world.prod]}}
    granted = {
        "Queue": (queue, None),
        "Versions": (made.arn("sagemaker", "model-package/*"), None),
        "Groups": ("*", None),
        "DeploymentRoles": ("arn:aws:iam::*:role/flow-deploy", of_accounts),
        "OwnEvents": (made.arn("events", "event-bus/default"), None),
        "NextStage": ([onward], None),
    }
    expect(_granted(made.maker, "flow-worker"), granted)


@check("registry.yaml is for an organization, with a key for the queue and no new group, where that is asked for")
def registry_variants(world: World) -> None:
    key = f"arn:aws:kms:eu-west-1:{world.registry}:key/queue"
    whole = {"OrganizationId": "o-acmeacme12", "DeploymentAccounts": "", "QueueKey": key, "NewModelPackageGroup": ""}
    made = Registry(world, **whole)
    of_it = {"aws:PrincipalOrgID": "o-acmeacme12"}
    for statement in ("SluiceReadsArtifacts", "SluiceTellsMissingFromDenied"):
        _, condition, principal = made.bucket_policy()[statement]
        expect((condition["StringEquals"], principal), (of_it, {"AWS": "*"}))
    statement = made.bus_policy()
    expect(statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"], "o-acmeacme12")
    expect(statement["Principal"], "*")
    granted = _granted(made.maker, "flow-worker")
    expect(granted["DeploymentRoles"][1], {"StringEquals": {"aws:ResourceOrgID": "o-acmeacme12"}})
    expect(granted["QueueKey"], (key, None))
    for name in ("flow", "flow-dead", "flow-undelivered"):
        attributes = made.maker.queue(name)[0]
        expect((attributes.get("KmsMasterKeyId"), attributes.get("SqsManagedSseEnabled")), (key, None))
    groups = made.maker.client("sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"]
    expect([group["ModelPackageGroupName"] for group in groups], ["demand-de"])


@check("registry.yaml keeps Sluice's own events, and its alarms look at the queues and at what the events count")
def registry_watches(world: World) -> None:
    topic = f"arn:aws:sns:eu-west-1:{world.registry}:oncall"
    made = Registry(world, DeploymentAccounts=world.staging, RetentionDays="30", AlarmTopic=topic)
    logs, group = made.maker.client("logs"), "/aws/events/flow"
    world.control("policies/enforce", {"accounts": [world.registry]})
    keys = world.control("administrators", {"account": world.registry})
    entry = {"Source": "sluice", "DetailType": "Sluice Release", "Detail": '{"name": "reminder"}'}
    world.client("events", keys).put_events(Entries=[entry, {**entry, "Source": "others"}])
    world.control("policies/enforce", {"accounts": [world.registry], "on": False})
    kept = world.control(f"logs?account={world.registry}&group={group}")
    expect([event["detail"] for event in kept], [{"name": "reminder"}])
    held = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    expect([(one["logGroupName"], one["retentionInDays"]) for one in held], [(group, 30)])
    counted = {
        one["metricTransformations"][0]["metricName"]: (one["filterPattern"], one["metricTransformations"][0])
        for one in logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    }
    patterns = {
        "Reminders": '{ $.detail.name = "reminder" }',
        "Troubles": '{ ($.detail.name = "rollbackFailed") || ($.detail.name = "nothingToGoBackTo") }',
    }
    expect({name: pattern for name, (pattern, _) in counted.items()}, patterns)
    expect({told["metricNamespace"] for _, told in counted.values()}, {"Sluice/flow"})
    alarms = made.maker.client("cloudwatch").describe_alarms(AlarmNamePrefix="flow-")["MetricAlarms"]
    watched = {
        alarm["AlarmName"].removeprefix("flow-"): (
            f"{alarm['Namespace']} {alarm['MetricName']}",
            [dimension["Value"] for dimension in alarm.get("Dimensions", [])],
            alarm["Threshold"],
        )
        for alarm in alarms
    }
    wanted = {
        "queue-age": ("AWS/SQS ApproximateAgeOfOldestMessage", ["flow"], 600),
        "dead-letters": ("AWS/SQS ApproximateNumberOfMessagesVisible", ["flow-dead"], 0),
        "undelivered": ("AWS/SQS ApproximateNumberOfMessagesVisible", ["flow-undelivered"], 0),
        "waiting": ("Sluice/flow Reminders", [], 0),
        "trouble": ("Sluice/flow Troubles", [], 0),
    }
    expect(watched, wanted)
    expect([alarm["AlarmActions"] for alarm in alarms], [[topic]] * 5)
    expect({alarm["ComparisonOperator"] for alarm in alarms}, {"GreaterThanThreshold"})


@check("deployment-account.yaml grants each role what it is for, on what it is given: buckets, keys, images, endpoints")
def deployment_grants(world: World) -> None:
    account, maker = world.staging, Maker(world, world.staging)
    worker, home = f"arn:aws:iam::{world.registry}:role/flow-worker", f"arn:aws:kms:eu-west-1:{account}:key"
    images = f"arn:aws:ecr:eu-west-1:{world.registry}:repository/linear"
    given = {
        "WorkerRoleArn": worker,
        "ExternalId": "acme-2",
        "DeploymentRoleName": "flow-deploy",
        "EndpointNames": "demand-*",
        "ArtifactBuckets": "arn:aws:s3:::acme-a,arn:aws:s3:::acme-b",
        "ArtifactKeys": f"arn:aws:kms:eu-west-1:{world.registry}:key/artifacts",
        "TestBuckets": "arn:aws:s3:::acme-tests",
        "ImageRepositories": images,
        "ModelBucketPrefix": "flow",
        "ModelPrefix": "m/",
        "ModelKey": f"{home}/models",
        "VolumeKeys": f"{home}/volumes",
        "NoncurrentDays": "45",
    }
    maker.file("deployment-account", **given)
    bucket = f"arn:aws:s3:::flow-{account}-eu-west-1"
    sagemaker = f"arn:aws:sagemaker:eu-west-1:{account}"
    passed = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    granted = {
        "ReadArtifacts": (["arn:aws:s3:::acme-a/*", "arn:aws:s3:::acme-b/*"], None),
        "TellMissingFromDenied": (["arn:aws:s3:::acme-a", "arn:aws:s3:::acme-b"], None),
        "ArtifactKeys": ([given["ArtifactKeys"]], None),
        "TestObjects": (["arn:aws:s3:::acme-tests/*"], None),
        "TestBuckets": (["arn:aws:s3:::acme-tests"], None),
        "Models": (f"{bucket}/m/*", None),
        "ModelBucket": (bucket, None),
        "ModelKey": (f"{home}/models", {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}),
        "Endpoints": (f"{sagemaker}:endpoint/demand-*", None),
        "Configs": (f"{sagemaker}:endpoint-config/demand-*-*", None),
        "LiveConfigs": (f"{sagemaker}:endpoint-config/*", None),
        "SageMakerModels": (f"{sagemaker}:model/demand-*-*", None),
        "LiveModels": (f"{sagemaker}:model/*", None),
        "WhichUpdatesEnded": ("*", None),
        "Alarms": ("*", None),
        "ExecutionRole": (f"arn:aws:iam::{account}:role/sluice-sagemaker", passed),
        "VolumeKeys": ([f"{home}/volumes"], {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
    }
    expect(_granted(maker, "flow-deploy"), granted)
    role = maker.role("sluice-sagemaker")[0]
    endpoints = f"arn:aws:logs:eu-west-1:{account}:log-group:/aws/sagemaker/Endpoints"
    namespaces = {"StringLike": {"cloudwatch:namespace": ["*SageMaker*", "*Sagemaker*", "*sagemaker*"]}}
    serves = {
        "Models": (f"{bucket}/m/*", None),
        "ModelBucket": (bucket, None),
        "ModelKey": (f"{home}/models", None),
        "Images": ([images], None),
        "ImageRegistry": ("*", None),
        "Logs": (f"{endpoints}/*", None),
        "Metrics": ("*", namespaces),
        "AlarmsOfTraffic": ("*", None),
    }
    expect(_granted(maker, "sluice-sagemaker"), serves)
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    expect(trust["Principal"], {"Service": "sagemaker.amazonaws.com"})
    expect(trust["Condition"], {"StringEquals": {"aws:SourceAccount": account}})
    s3 = maker.client("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket[13:])["Rules"]
    expect(rules[1]["NoncurrentVersionExpiration"], {"NoncurrentDays": 45})
    [owned] = s3.get_bucket_ownership_controls(Bucket=bucket[13:])["OwnershipControls"]["Rules"]
    expect(owned, {"ObjectOwnership": "BucketOwnerEnforced"})
    [rule] = s3.get_bucket_encryption(Bucket=bucket[13:])["ServerSideEncryptionConfiguration"]["Rules"]
    expect(rule["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"{home}/models"})
