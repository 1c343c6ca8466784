"""CloudFormation in the local stand-in for AWS, and what the templates of deploy/ make there; part of check.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from check import World, check, expect, refused

DEPLOY = Path(__file__).resolve().parents[1]
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "made"}}


class Maker:
    """Makes stacks as the administrator of an account."""

    def __init__(self, world: World, account: str) -> None:
        self.world, self.account = world, account
        self._keys = world.control("administrators", {"account": account})

    def client(self, service: str) -> Any:
        return self.world.client(service, self._keys)

    def refused(self, code: str, text: str, template: dict[str, Any], **parameters: str) -> None:
        refused(
            code, text, self.client("cloudformation").create_stack, **_asked("one", json.dumps(template), parameters)
        )

    def make(self, name: str, template: str, **parameters: str) -> dict[str, Any]:
        client = self.client("cloudformation")
        client.create_stack(**_asked(name, template, parameters))
        return client.describe_stacks(StackName=name)["Stacks"][0]

    def file(self, name: str, **parameters: str) -> dict[str, str]:
        """Makes a stack of one of the templates of deploy/; gives its outputs."""
        stack = self.make(name, (DEPLOY / f"{name}.yaml").read_text(), **parameters)
        expect((stack["StackStatus"], stack["StackStatusReason"]), ("CREATE_COMPLETE", ""))
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def role(self, name: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """What a role is, and the statements of its policies by their Sids."""
        iam = self.client("iam")
        found = {}
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            found |= {f"{policy} {s.get('Sid', '')}".strip(): s for s in document["Statement"]}
        return iam.get_role(RoleName=name)["Role"], found

    def queue(self, name: str) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        """A queue's attributes, and the statements of its policy by their Sids."""
        url = f"{self.world.url}/{self.account}/{name}"
        attributes = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return attributes, _by_sid(json.loads(attributes.get("Policy", '{"Statement": []}')))

    def rule(self, name: str, bus: str = "default") -> tuple[dict[str, Any], dict[str, Any]]:
        """A rule's pattern, and its one target."""
        events = self.client("events")
        targets = events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
        expect(len(targets), 1)
        return json.loads(events.describe_rule(Name=name, EventBusName=bus)["EventPattern"]), targets[0]


def _asked(name: str, template: str, parameters: dict[str, str]) -> dict[str, Any]:
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    asked = {"StackName": name, "TemplateBody": template, "Parameters": given}
    return {**asked, "Capabilities": ["CAPABILITY_NAMED_IAM"]}


def _by_sid(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in document["Statement"]}


@check("a stack is made whole or not at all, and nothing of a template is skipped")
def whole(world: World) -> None:
    maker = Maker(world, world.registry)
    unknown = {"Resources": {"Q": QUEUE, "X": {"Type": "AWS::Lambda::Function"}}}
    maker.refused("StandInLacks", "cannot make resources of the types AWS::Lambda::Function", unknown)
    odd = {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}}
    maker.refused(
        "StandInLacks", "does not know these properties of AWS::SQS::Queue: FifoQueue", {"Resources": {"Q": odd}}
    )
    maker.refused(
        "StandInLacks",
        "Fn::Transform",
        {"Resources": {"Q": {**QUEUE, "Properties": {"QueueName": {"Fn::Transform": {}}}}}},
    )
    declared = {"Day": {"Type": "String", "AllowedPattern": "[a-z]+", "ConstraintDescription": "has to be small."}}
    template = {"Parameters": declared, "Resources": {"Q": QUEUE}}
    maker.refused("ValidationError", "must have values", template)
    maker.refused(
        "ValidationError", "Parameter Day failed to satisfy constraint: has to be small.", template, Day="Mon"
    )
    maker.refused("ValidationError", "do not exist in the template", template, Day="a", Night="b")
    # What was made before something failed is taken away again.
    policy = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "no-such-bucket", "PolicyDocument": {}}}
    failed = maker.make("failed", json.dumps({"Resources": {"Q": QUEUE, "P": {**policy, "DependsOn": "Q"}}}))
    expect(failed["StackStatus"], "ROLLBACK_COMPLETE")
    expect("no-such-bucket" in failed["StackStatusReason"], True)
    made = maker.make("made", json.dumps({"Resources": {"Q": QUEUE}, "Outputs": {"Url": {"Value": {"Ref": "Q"}}}}))
    expect(made["Outputs"][0]["OutputValue"], f"{world.url}/{world.registry}/made")
    maker.client("cloudformation").delete_stack(StackName="made")
    gone = {"QueueUrl": made["Outputs"][0]["OutputValue"], "AttributeNames": ["All"]}
    refused("AWS.SimpleQueueService.NonExistentQueue", "", maker.client("sqs").get_queue_attributes, **gone)


REGISTRY = {
    "Name": "flow",
    "ModelPackageGroups": "demand-de,churn",
    "NewModelPackageGroup": "churn",
    "ArtifactBucketPolicy": "replace",
}


def _registry(world: World, **more: str) -> tuple[Maker, dict[str, str]]:
    maker = Maker(world, world.registry)
    buckets = maker.client("s3")
    name = f"artifacts-{world.registry}"
    buckets.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    accounts = f"{world.staging},{world.prod}"
    return maker, maker.file("registry", **REGISTRY, ArtifactBucket=name, DeploymentAccounts=accounts, **more)


@check("registry.yaml makes the queues, the rules, the worker's role, the bucket's policy, the group and the alarms")
def registry(world: World) -> None:
    maker, outputs = _registry(world, RegistryReaders=world.prod)
    registry, account = world.registry, f"arn:aws:sqs:eu-west-1:{world.registry}"
    attributes, statements = maker.queue("flow")
    expect(
        json.loads(attributes["RedrivePolicy"]), {"deadLetterTargetArn": f"{account}:flow-dead", "maxReceiveCount": 10}
    )
    expect((attributes["VisibilityTimeout"], attributes["SqsManagedSseEnabled"]), ("30", "true"))
    sources = statements["Events"]["Condition"]["ArnLike"]["aws:SourceArn"]
    rules = f"arn:aws:events:eu-west-1:{registry}:rule"
    expect(sources[:2], [f"{rules}/flow-packages", f"{rules}/flow-endpoints/flow-endpoints"])
    expect(statements["Events"]["Principal"], {"Service": "events.amazonaws.com"})
    expect(maker.queue("flow-dead")[0]["MessageRetentionPeriod"], "1209600")
    pattern, target = maker.rule("flow-packages")
    expect(pattern["detail"], {"ModelPackageGroupName": ["demand-de", "churn"]})
    expect(pattern["account"], [registry])
    expect((target["Arn"], target["DeadLetterConfig"]["Arn"]), (f"{account}:flow", f"{account}:flow-undelivered"))
    expect(maker.rule("flow-endpoints", "flow-endpoints")[1]["Arn"], f"{account}:flow")
    bus = json.loads(maker.client("events").describe_event_bus(Name="flow-endpoints")["Policy"])["Statement"][0]
    expect(bus["Principal"], {"AWS": [world.staging, world.prod]})
    role, allowed = maker.role("flow-worker")
    expect(role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"], {"Service": "ecs-tasks.amazonaws.com"})
    expect(allowed["worker Queue"]["Action"], ["sqs:ReceiveMessage", "sqs:DeleteMessage"])
    expect(allowed["worker Queue"]["Resource"], f"{account}:flow")
    expect(
        allowed["worker DeploymentRoles"]["Condition"]["StringEquals"],
        {"aws:ResourceAccount": [world.staging, world.prod]},
    )
    bucket = json.loads(maker.client("s3").get_bucket_policy(Bucket=f"artifacts-{registry}")["Policy"])
    read = _by_sid(bucket)["SluiceReadsArtifacts"]
    expect(read["Action"], ["s3:GetObject", "s3:GetObjectVersion"])
    expect(read["Principal"], {"AWS": [world.staging, world.prod]})
    group = maker.client("sagemaker").get_model_package_group_policy(ModelPackageGroupName="churn")["ResourcePolicy"]
    expect(json.loads(group)["Statement"][0]["Principal"], {"AWS": [world.prod]})
    alarms = maker.client("cloudwatch").describe_alarms(AlarmNamePrefix="flow-")["MetricAlarms"]
    expect([a["AlarmName"][5:] for a in alarms], ["dead-letters", "queue-age", "trouble", "undelivered", "waiting"])
    age = next(alarm for alarm in alarms if alarm["AlarmName"] == "flow-queue-age")
    expect((age["MetricName"], age["Threshold"]), ("ApproximateAgeOfOldestMessage", 600))
    expect(outputs["QueueArn"], f"{account}:flow")
    # What feeds the queue does so: the event of a new version, by the rule that was made.
    held = {"account": registry, "group": "churn", "url": "s3://x/y"}
    world.control("packages", held)
    expect(world.control(f"queues?queueUrl={world.url}/{registry}/flow")["visible"], 1)


@check("registry.yaml refuses parameters that do not go together, in its own words, and then makes nothing")
def rules(world: World) -> None:
    maker, text = Maker(world, world.registry), (DEPLOY / "registry.yaml").read_text()
    whole = {**REGISTRY, "ArtifactBucket": "theirs", "DeploymentAccounts": world.staging}
    for given, why in (
        ({"DeploymentAccounts": ""}, "Give DeploymentAccounts, or OrganizationId"),
        ({"NewModelPackageGroup": "other"}, "NewModelPackageGroup has to be one of ModelPackageGroups."),
        ({"WorkerTrust": "oidc"}, "With WorkerTrust=oidc, give OidcProvider"),
        ({"WorkerTrust": "principal"}, "With WorkerTrust=principal, give WorkerPrincipal"),
    ):
        create = maker.client("cloudformation").create_stack
        refused("ValidationError", why, create, **_asked("registry", text, {**whole, **given}))
    expect(maker.client("cloudformation").describe_stacks()["Stacks"], [])
    expect(maker.client("sqs").list_queues(QueueNamePrefix="flow").get("QueueUrls", []), [])


@check("deployment-account.yaml makes the roles, the bucket and the way of the events in each account")
def deployment(world: World) -> None:
    _, outputs = _registry(world)
    for account in (world.staging, world.prod):
        maker = Maker(world, account)
        worker = f"arn:aws:iam::{world.registry}:role/flow-worker"
        made = maker.file(
            "deployment-account",
            WorkerRoleArn=worker,
            ExternalId="acme-2",
            DeploymentRoleName="flow-deploy",
            ArtifactBuckets=outputs["ArtifactBucketArn"],
            ImageRepositories=f"arn:aws:ecr:eu-west-1:{account}:repository/linear",
            ModelBucketPrefix="flow-models",
            EndpointBusArn=outputs["EndpointBusArn"],
        )
        role, allowed = maker.role("flow-deploy")
        trust = role["AssumeRolePolicyDocument"]["Statement"][0]
        expect(
            (trust["Principal"], trust["Condition"]), ({"AWS": worker}, {"StringEquals": {"sts:ExternalId": "acme-2"}})
        )
        passing = allowed["endpoints ExecutionRole"]
        expect(passing["Condition"], {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}})
        expect(passing["Resource"], made["ExecutionRoleArn"])
        bucket = f"flow-models-{account}-eu-west-1"
        expect(allowed["artifacts ReadArtifacts"]["Resource"], [outputs["ArtifactBucketArn"] + "/*"])
        expect(allowed["models Models"]["Resource"], f"arn:aws:s3:::{bucket}/models/*")
        expect(sorted(allowed["models Models"]["Action"])[:2], ["s3:AbortMultipartUpload", "s3:DeleteObject"])
        role, allowed = maker.role("sluice-sagemaker")
        expect(allowed["serve Models"]["Resource"], f"arn:aws:s3:::{bucket}/models/*")
        s3 = maker.client("s3")
        expect(s3.get_bucket_versioning(Bucket=bucket)["Status"], "Enabled")
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        expect(rules[0]["AbortIncompleteMultipartUpload"], {"DaysAfterInitiation": 7})
        rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
        expect(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256")
        blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        expect(set(blocked.values()), {True})
        expect(_by_sid(json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]))["NothingInClear"]["Effect"], "Deny")
        pattern, target = maker.rule("flow-deploy-endpoints")
        expect(pattern["detail-type"], ["SageMaker Endpoint State Change"])
        expect(target["Arn"], outputs["EndpointBusArn"])
        role, allowed = maker.role("flow-deploy-events")
        expect((target["RoleArn"], allowed["send"]["Resource"]), (role["Arn"], outputs["EndpointBusArn"]))


@check("project-template.yaml makes a group that the readers read, and a rule that the registry's queue hears")
def project(world: World) -> None:
    # Projects belong to the registry of the default name.
    account, own = f"4{world.registry[1:]}", f"5{world.registry[1:]}"
    maker = Maker(world, account)
    parameters = {**REGISTRY, "Name": "sluice", "ArtifactBucketPolicy": "keep", "RegistryReaders": own}
    maker.file("registry", **parameters, ArtifactBucket="theirs", DeploymentAccounts=own)
    maker.file("project-template", SageMakerProjectName="prices", SageMakerProjectId="p-abc")
    pattern, target = maker.rule("sagemaker-p-abc-sluice")
    detail = {"ModelPackageGroupName": ["prices-p-abc"]}
    expect(pattern, {**_about("SageMaker Model Package State Change", account), "detail": detail})
    queue = f"arn:aws:sqs:eu-west-1:{account}:sluice"
    expect((target["Arn"], target["DeadLetterConfig"]), (queue, {"Arn": f"{queue}-undelivered"}))
    sagemaker, group = maker.client("sagemaker"), f"arn:aws:sagemaker:eu-west-1:{account}:model-package"
    held = sagemaker.get_model_package_group_policy(ModelPackageGroupName="prices-p-abc")["ResourcePolicy"]
    [statement] = json.loads(held)["Statement"]
    expect(statement["Principal"], {"AWS": [account, own]})
    expect(statement["Resource"], [f"{group}-group/prices-p-abc", f"{group}/prices-p-abc/*"])
    tags = sagemaker.list_tags(ResourceArn=f"{group}-group/prices-p-abc")["Tags"]
    named = {"sagemaker:project-name": "prices", "sagemaker:project-id": "p-abc"}
    expect({tag["Key"]: tag["Value"] for tag in tags}, named)
    # The queue takes what the project's rule sends, though it was made before.
    world.control("policies/enforce", {"accounts": [account]})
    world.control("packages", {"account": account, "group": "prices-p-abc", "url": "s3://x/y"})
    expect(world.control(f"queues?queueUrl={world.url}/{account}/sluice")["visible"], 1)


@check("per-account-worker.yaml makes the account's own queue, with who may send there, and its worker's role")
def per_account(world: World) -> None:
    account, own = world.registry, f"5{world.registry[1:]}"
    there = Maker(world, own)
    upstream, downstream = f"arn:aws:iam::{account}:role/sluice-worker", f"arn:aws:sqs:eu-west-1:{world.prod}:sluice"
    there.file("per-account-worker", RegistryAccount=account, UpstreamRoleArn=upstream, DownstreamQueues=downstream)
    attributes, statements = there.queue("sluice")
    queue, rule = f"arn:aws:sqs:eu-west-1:{own}:sluice", f"arn:aws:events:eu-west-1:{own}:rule/sluice-endpoints"
    redrive = {"deadLetterTargetArn": f"{queue}-dead", "maxReceiveCount": 10}
    expect((json.loads(attributes["RedrivePolicy"]), attributes["SqsManagedSseEnabled"]), (redrive, "true"))
    expect(sorted(statements), ["Events", "NothingInClear", "Upstream"])
    expect((statements["Upstream"]["Principal"], statements["Upstream"]["Resource"]), ({"AWS": upstream}, queue))
    dead, only = there.queue("sluice-dead")[1]["Events"], {"ArnEquals": {"aws:SourceArn": rule}}
    expect((statements["Events"]["Condition"], statements["Events"]["Resource"]), (only, queue))
    expect((dead["Condition"], dead["Resource"]), (only, f"{queue}-dead"))
    pattern, target = there.rule("sluice-endpoints")
    expect(pattern, _about("SageMaker Endpoint State Change", own))
    expect((target["Arn"], target["DeadLetterConfig"]), (queue, {"Arn": f"{queue}-dead"}))
    role, allowed = there.role("sluice-worker")
    trust = role["AssumeRolePolicyDocument"]["Statement"]
    expect([one["Principal"] for one in trust], [{"Service": "ecs-tasks.amazonaws.com"}])
    asked = {"StringEquals": {"aws:SourceAccount": own}, "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:eu-west-1:{own}:*"}}
    expect(trust[0]["Condition"], asked)
    granted = {name.removeprefix("worker "): statement["Resource"] for name, statement in allowed.items()}
    versions = f"arn:aws:sagemaker:eu-west-1:{account}:model-package/*"
    bus = f"arn:aws:events:eu-west-1:{own}:event-bus/default"
    mine = {"Queue": queue, "Versions": versions, "Groups": "*", "OwnEvents": bus, "NextStage": [downstream]}
    expect(granted, mine)
    alarms = there.client("cloudwatch").describe_alarms()["MetricAlarms"]
    watched = {alarm["AlarmName"]: alarm["Dimensions"][0]["Value"] for alarm in alarms}
    expect(watched, {"sluice-queue-age": "sluice", "sluice-dead-letters": "sluice-dead"})
    # A change of an endpoint of this account comes to its own queue.
    world.control("policies/enforce", {"accounts": [own]})
    world.control("endpoints/create", {"account": own, "endpoint": "demand", "url": "s3://x/y", "seconds": 60})
    expect(world.control(f"queues?queueUrl={world.url}/{own}/sluice")["visible"] > 0, True)


def _about(kind: str, account: str) -> dict[str, Any]:
    """The pattern of a rule about an account's own events of a kind."""
    return {"source": ["aws.sagemaker"], "detail-type": [kind], "account": [account]}
