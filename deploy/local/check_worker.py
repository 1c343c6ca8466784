"""What worker-ecs.yaml makes in the local stand-in for AWS; part of check.py."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from check import World, check, expect, refused
from check_stacks import DEPLOY, REGISTRY, Maker

FAMILY = "flow-worker"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


class Home:
    """An account with a network of two zones for the worker, and in the registry's the queue and the worker's role."""

    def __init__(self, world: World, account: str = "") -> None:
        self.world, self.account = world, account or world.registry
        self.maker = Maker(world, self.account)
        if not account:
            bucket = {"ArtifactBucket": f"artifacts-{world.registry}", "ArtifactBucketPolicy": "keep"}
            asked = {**REGISTRY, **bucket, "DeploymentAccounts": world.staging}
            outputs = self.maker.file("registry", **asked)
            self.role, self.queue = outputs["WorkerRoleArn"], outputs["QueueArn"]
        self.ec2 = self.maker.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [self._subnet(n, zone) for n, zone in enumerate("aab")]

    def _subnet(self, n: int, zone: str) -> str:
        asked = {"VpcId": self.vpc, "CidrBlock": f"10.0.{n}.0/24", "AvailabilityZone": f"eu-west-1{zone}"}
        return self.ec2.create_subnet(**asked)["Subnet"]["SubnetId"]

    def parameters(self, **more: str) -> dict[str, str]:
        network = {"VpcId": self.vpc, "Subnets": ",".join(self.subnets[1:])}
        return {"Name": "flow", "Image": "acme/sluice:1", "WorkerRoleArn": self.role, **network, **more}

    def make(self, **more: str) -> dict[str, str]:
        return self.maker.file("worker-ecs", **self.parameters(**more))

    def task(self) -> dict[str, Any]:
        return self.maker.client("ecs").describe_task_definition(taskDefinition=FAMILY)["taskDefinition"]

    def rules(self, group: str) -> tuple[list[Any], list[Any]]:
        """Who may connect to a security group and where it may connect to, each as its port and its other end."""
        shown = self.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        expect(shown["VpcId"], self.vpc)
        return _ends(shown["IpPermissions"]), _ends(shown["IpPermissionsEgress"])

    def session(self, role: str) -> dict[str, Any]:
        """A task's credentials: the role has to trust ECS."""
        asked = {"roleArn": role, "service": "ecs-tasks.amazonaws.com", "session": "task"}
        keys = self.world.control("roles/session", asked)
        return {**keys, "SessionToken": keys["sessionToken"]}

    def start(self, *hidden: str) -> dict[str, str]:
        """Does what ECS does before a worker runs, with what the execution role may; gives the worker's secrets.

        The `hidden` secrets it may not read.
        """
        task = self.task()
        container, keys = task["containerDefinitions"][0], self.session(task["executionRoleArn"])
        options = container["logConfiguration"]["options"]
        stream = {"logGroupName": options["awslogs-group"], "logStreamName": options["awslogs-stream-prefix"] + "/1"}
        self.world.control("policies/enforce", {"accounts": [self.account]})
        try:
            read = self.world.client("secretsmanager", keys).get_secret_value
            secrets = {one["name"]: read(SecretId=one["valueFrom"])["SecretString"] for one in container["secrets"]}
            for secret in hidden:
                refused("AccessDeniedException", "GetSecretValue", read, SecretId=secret)
            logs = self.world.client("logs", keys)
            logs.create_log_stream(**stream)
            logs.put_log_events(**stream, logEvents=[{"timestamp": 1, "message": "x"}])
            elsewhere = {**stream, "logGroupName": "/elsewhere"}
            refused("AccessDeniedException", "CreateLogStream", logs.create_log_stream, **elsewhere)
            receive = self.world.client("sqs", keys).receive_message
            refused("AccessDenied", "sqs:receivemessage", receive, QueueUrl=f"{self.world.url}/{self.account}/flow")
        finally:
            self.world.control("policies/enforce", {"accounts": [self.account], "on": False})
        return secrets


def _declared() -> dict[str, Any]:
    """The template as it is written, without its functions."""
    return yaml.load((DEPLOY / "worker-ecs.yaml").read_text(), yaml.BaseLoader)


def _ends(permissions: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
    found = []
    for one in permissions:
        ends = [pair["GroupId"] for pair in one["UserIdGroupPairs"]] + [r["CidrIp"] for r in one["IpRanges"]]
        found += [(one.get("FromPort", -1), one.get("ToPort", -1), end) for end in ends]
    return sorted(found)


def _seconds(option: str) -> int:
    found = re.search(rf"--{option}=(\d+)", DOCKERFILE)
    assert found
    return int(found[1])


@check("worker-ecs.yaml makes a service whose tasks start, as the Dockerfile says, where the queue and ledger are")
def worker(world: World) -> None:
    home = Home(world)
    sizes = {"Cpu": "512", "Memory": "2048", "Architecture": "ARM64", "MinWorkers": "3", "MaxWorkers": "7"}
    outputs = home.make(**sizes, QueueAgeSeconds="90", Only="staging,prod-eu", Resync="2m", RetentionDays="30")
    ecs, task = home.maker.client("ecs"), home.task()
    expect((task["family"], task["networkMode"], task["requiresCompatibilities"]), (FAMILY, "awsvpc", ["FARGATE"]))
    expect((task["cpu"], task["memory"], task["runtimePlatform"]["cpuArchitecture"]), ("512", "2048", "ARM64"))
    expect((task["taskRoleArn"], task["executionRoleArn"]), (home.role, _start_role(home)))
    container = task["containerDefinitions"][0]
    expect((len(task["containerDefinitions"]), container["image"]), (1, "acme/sluice:1"))
    # The image's program is given, and its user stays, who is not root.
    expect([line for line in DOCKERFILE.splitlines() if line.startswith("ENTRYPOINT")], ['ENTRYPOINT ["sluice"]'])
    only = ["--only", "staging", "--only", "prod-eu"]
    expect((container["command"], "entryPoint" in container), (["worker", "--resync", "2m", *only], False))
    expect(("user" in container, re.findall(r"(?m)^USER (\d+):", DOCKERFILE)), (False, ["10001"]))
    expect((container["readonlyRootFilesystem"], container["essential"]), (True, True))
    expect(container["linuxParameters"], {"capabilities": {"drop": ["ALL"]}})
    checked = {"command": ["CMD", "sluice", "status", "--json"], "startPeriod": _seconds("start-period")}
    checked |= {name: _seconds(name) for name in ("interval", "timeout", "retries")}
    expect(container["healthCheck"], checked)
    logged = {"awslogs-group": "/flow/worker", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "worker"}
    expect(container["logConfiguration"], {"logDriver": "awslogs", "options": logged})
    groups = home.maker.client("logs").describe_log_groups(logGroupNamePrefix="/flow/")["logGroups"]
    expect([(group["logGroupName"], group["retentionInDays"]) for group in groups], [("/flow/worker", 30)])
    service = ecs.describe_services(cluster="flow", services=[FAMILY])["services"][0]
    expect((service["taskDefinition"], service["launchType"]), (task["taskDefinitionArn"], "FARGATE"))
    deployed = {"minimumHealthyPercent": 100, "maximumPercent": 200}
    deployed |= {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    expect(service["deploymentConfiguration"], deployed)
    network, group = service["networkConfiguration"]["awsvpcConfiguration"], outputs["WorkerSecurityGroup"]
    expect((network["assignPublicIp"], network["securityGroups"]), ("DISABLED", [group]))
    expect(network["subnets"], home.subnets[1:])
    _scales(home, "service/flow/flow-worker", 3, 7, 90)
    # And the role it runs as lets ECS have it.
    home.session(task["taskRoleArn"])


def _start_role(home: Home) -> str:
    return f"arn:aws:iam::{home.account}:role/flow-start-eu-west-1"


def _scales(home: Home, service: str, least: int, most: int, age: int) -> None:
    """The service keeps to its numbers by two alarms about the age of the queue that is there."""
    scaling, named = home.maker.client("application-autoscaling"), {"ServiceNamespace": "ecs", "ResourceIds": [service]}
    target = scaling.describe_scalable_targets(**named)["ScalableTargets"][0]
    expect((target["MinCapacity"], target["MaxCapacity"]), (least, most))
    expect(target["ScalableDimension"], "ecs:service:DesiredCount")
    policy = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=service)["ScalingPolicies"][0]
    tracked = policy["TargetTrackingScalingPolicyConfiguration"]
    expect((tracked["TargetValue"], tracked["ScaleInCooldown"], tracked["ScaleOutCooldown"]), (age, 900, 120))
    alarms = home.maker.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"TargetTracking-{service}")
    for alarm, comparison in zip(alarms["MetricAlarms"], ("GreaterThanThreshold", "LessThanThreshold"), strict=True):
        metric = (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"])
        expect(metric, ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum"))
        there = [{"Name": "QueueName", "Value": home.queue.rpartition(":")[2]}]
        expect((alarm["Dimensions"], alarm["ComparisonOperator"]), (there, comparison))
        expect(alarm["AlarmActions"], [policy["PolicyARN"]])
    expect([a["AlarmName"] for a in policy["Alarms"]], [a["AlarmName"] for a in alarms["MetricAlarms"]])


@check("worker-ecs.yaml makes a database, encrypted, protected, and reached by the workers alone, at the URL they get")
def ledger(world: World) -> None:
    home = Home(world)
    outputs = home.make(DatabaseClass="db.m7g.large", DatabaseVersion="15.18", DatabaseBackupDays="21")
    rds, secrets = home.maker.client("rds"), home.maker.client("secretsmanager")
    made = rds.describe_db_instances()["DBInstances"]
    expect([database["DBInstanceIdentifier"] for database in made], ["flow-ledger"])
    database, group = made[0], outputs["WorkerSecurityGroup"]
    expect((database["Engine"], database["EngineVersion"], database["DBName"]), ("postgres", "15.18", "sluice"))
    expect((database["DBInstanceClass"], database["MultiAZ"]), ("db.m7g.large", True))
    expect((database["PubliclyAccessible"], database["StorageEncrypted"]), (False, True))
    expect((database["DeletionProtection"], database["CopyTagsToSnapshot"]), (True, True))
    expect((database["BackupRetentionPeriod"], database["StorageType"]), (21, "gp3"))
    expect((database["AllocatedStorage"], database["MaxAllocatedStorage"]), (20, 100))
    subnets = database["DBSubnetGroup"]["Subnets"]
    expect(sorted(subnet["SubnetIdentifier"] for subnet in subnets), sorted(home.subnets[1:]))
    [theirs] = [one["VpcSecurityGroupId"] for one in database["VpcSecurityGroups"]]
    expect(home.rules(theirs)[0], [(5432, 5432, group)])
    expect(home.rules(group), ([], [(443, 443, "0.0.0.0/0"), (5432, 5432, theirs)]))
    password = next(one["ARN"] for one in secrets.list_secrets()["SecretList"] if one["Name"] == "flow-ledger-password")
    own = yaml.safe_load(secrets.get_secret_value(SecretId=password)["SecretString"])
    expect(re.fullmatch(r"[a-zA-Z0-9]{40}", own["password"]) is not None, True)
    container = home.task()["containerDefinitions"][0]
    expect(container["secrets"], [{"name": "SLUICE_LEDGER", "valueFrom": outputs["Ledger"]}])
    expect((container["command"], container["environment"]), (["worker", "--resync", "5m"], []))
    url = urlsplit(home.start(password)["SLUICE_LEDGER"])
    expect((url.scheme, url.username, url.password), ("postgresql", database["MasterUsername"], own["password"]))
    there = (database["Endpoint"]["Address"], database["Endpoint"]["Port"], f"/{database['DBName']}")
    expect((url.hostname, url.port, url.path), there)
    tls = {"sslmode": ["verify-full"], "sslrootcert": ["/etc/ssl/certs/rds.pem"]}
    expect((parse_qs(url.query), "global-bundle.pem /etc/ssl/certs/rds.pem" in DOCKERFILE), (tls, True))
    statements = home.maker.role("flow-start-eu-west-1")[1]
    expect(sorted(statements), ["start Ledger", "start Log"])
    # RDS tells its password to nobody; it was given the one of the URL.
    declared = _declared()["Resources"]
    given = declared["LedgerURL"]["Properties"]["SecretString"][1]["Password"]
    expect(declared["Database"]["Properties"]["MasterUserPassword"], given)


@check("worker-ecs.yaml uses a ledger that there is, and its key, and makes no database then")
def other_ledger(world: World) -> None:
    home = Home(world)
    kms, secrets = home.maker.client("kms"), home.maker.client("secretsmanager")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    text = "postgresql://sluice:x@ledger.acme/sluice"
    secret = secrets.create_secret(Name="acme/ledger", SecretString=text, KmsKeyId=key)["ARN"]
    hidden = secrets.create_secret(Name="acme/other", SecretString="x")["ARN"]
    repository = f"arn:aws:ecr:eu-west-1:{home.account}:repository/sluice"
    theirs = {"LedgerSecret": secret, "LedgerSecretKey": key, "LedgerCidr": "10.9.0.0/24"}
    outputs = home.make(**theirs, ImageRepository=repository, AssignPublicIp="ENABLED")
    expect("Ledger" in outputs, False)
    resources = home.maker.client("cloudformation").describe_stack_resources(StackName="worker-ecs")["StackResources"]
    made = ["Cluster", "Log", "Scaling", "ScalingPolicy", "Service", "StartRole", "Task", "WorkerGroup"]
    expect(sorted(one["LogicalResourceId"] for one in resources), made)
    expect(home.maker.client("rds").describe_db_instances()["DBInstances"], [])
    expect(home.start(hidden), {"SLUICE_LEDGER": text})
    ends = [(443, 443, "0.0.0.0/0"), (5432, 5432, "10.9.0.0/24")]
    expect(home.rules(outputs["WorkerSecurityGroup"]), ([], ends))
    statements = home.maker.role("flow-start-eu-west-1")[1]
    pulls = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    expect((statements["start Image"]["Action"], statements["start Image"]["Resource"]), (pulls, repository))
    expect(statements["start ImageRegistry"]["Action"], "ecr:GetAuthorizationToken")
    service = home.maker.client("ecs").describe_services(cluster="flow", services=[FAMILY])["services"][0]
    expect(service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"], "ENABLED")
    home.maker.client("cloudformation").delete_stack(StackName="worker-ecs")
    expect(home.maker.client("ecs").describe_clusters(clusters=["flow"])["clusters"][0]["status"], "INACTIVE")
    kept = home.maker.client("logs").describe_log_groups(logGroupNamePrefix="/flow/")["logGroups"]
    expect([group["logGroupName"] for group in kept], ["/flow/worker"])


@check("per-account-worker.yaml makes the account's own worker with the queue, the role and the accounts it is given")
def own_worker(world: World) -> None:
    home = Home(world, world.prod)
    bucket, key = f"templates-{home.account}", "sluice/worker-ecs.yaml"
    home.maker.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    home.maker.client("s3").put_object(Bucket=bucket, Key=key, Body=(DEPLOY / "worker-ecs.yaml").read_bytes())
    upstream = world.made_of["identities"]["worker"]["arn"].replace("user/", "role/")
    asked = {"Name": "flow", "RegistryAccount": world.registry, "UpstreamRoleArn": upstream}
    asked |= {"WorkerTemplate": f"https://{bucket}.s3.eu-west-1.amazonaws.com/{key}", "Only": "prod-eu,prod-us"}
    asked |= {"Image": "acme/sluice:1", "VpcId": home.vpc, "Subnets": ",".join(home.subnets[1:])}
    text = (DEPLOY / "per-account-worker.yaml").read_text()
    for lacking in ("Image", "VpcId", "Subnets", "Only"):
        given, why = {**asked, lacking: ""}, "With WorkerTemplate, give Image, VpcId, Subnets and Only too."
        refused("ValidationError", why, home.maker.make, name="per-account-worker", template=text, **given)
    why = "WorkerTrust has to be ecs."
    refused("ValidationError", why, home.maker.make, name="x", template=text, **asked, WorkerTrust="ec2")
    # What is said of a ledger that there is, is handed on: the worker's own template judges it.
    alone = {"LedgerSecretKey": f"arn:aws:kms:eu-west-1:{home.account}:key/k"}
    failed = home.maker.make("alone", text, **asked, **alone)
    expect("LedgerSecretKey is the key of LedgerSecret" in failed["StackStatusReason"], True)
    outputs = home.maker.file("per-account-worker", **asked)
    home.queue, task = outputs["QueueArn"], home.task()
    container = task["containerDefinitions"][0]
    only = ["--only", "prod-eu", "--only", "prod-us"]
    expect((container["image"], container["command"]), ("acme/sluice:1", ["worker", "--resync", "1m", *only]))
    expect(task["taskRoleArn"], outputs["WorkerRoleArn"])
    home.session(task["taskRoleArn"])
    _scales(home, "service/flow/flow-worker", 2, 4, 60)
    rds, stacks = home.maker.client("rds"), home.maker.client("cloudformation")
    endpoint = rds.describe_db_instances()["DBInstances"][0]["Endpoint"]["Address"]
    expect(urlsplit(home.start()["SLUICE_LEDGER"]).hostname, endpoint)
    # With it goes all that was made for its worker, and the ledger not before that is allowed.
    stacks.delete_stack(StackName="per-account-worker")
    expect(stacks.describe_stacks(StackName="per-account-worker")["Stacks"][0]["StackStatus"], "DELETE_FAILED")
    expect(home.maker.client("ecs").describe_clusters(clusters=["flow"])["clusters"][0]["status"], "INACTIVE")
    rds.modify_db_instance(DBInstanceIdentifier="flow-ledger", DeletionProtection=False)
    stacks.delete_stack(StackName="per-account-worker")
    expect(rds.describe_db_instances()["DBInstances"], [])


# What each parameter cannot be.
WRONG = {
    "Name": ["Flow", "a" * 21],
    "Image": ["acme/sluice"],
    "ImageRepository": ["acme/sluice"],
    "Architecture": ["RISCV"],
    "WorkerRoleArn": ["sluice-worker"],
    "Only": ["staging,two words"],
    "Resync": ["5m,--help", "0m"],
    "VpcId": ["vpc-0123456789abcdef0"],
    "Subnets": ["subnet-0123456789abcdef0"],
    "AssignPublicIp": ["yes"],
    "Cpu": ["300"],
    "Memory": ["513"],
    "MinWorkers": ["0", "21"],
    "MaxWorkers": ["0", "21"],
    "QueueAgeSeconds": ["9", "3601"],
    "LedgerSecret": ["postgresql://sluice@db/sluice"],
    "LedgerSecretKey": ["alias/acme"],
    "LedgerCidr": ["10.0.0.0/33"],
    "DatabaseClass": ["t4g.micro"],
    "DatabaseVersion": ["16.1"],
    "DatabaseMultiAZ": ["yes"],
    "DatabaseBackupDays": ["0", "36"],
    "RetentionDays": ["8"],
}


@check("worker-ecs.yaml refuses parameters that cannot be, in its own words, and what failed can be tried again")
def wrong(world: World) -> None:
    home = Home(world)
    text = (DEPLOY / "worker-ecs.yaml").read_text()
    declared = _declared()["Parameters"]
    expect(sorted(WRONG), sorted(declared))
    for name, values in WRONG.items():
        why = declared[name].get("ConstraintDescription", "does not exist" if "Id" in declared[name]["Type"] else "")
        for value in values:
            given = home.parameters(**{name: value})
            refused("ValidationError", why, home.maker.make, name="worker-ecs", template=text, **given)
    for given, why in (
        ({"Cpu": "1024", "Memory": "1024"}, "Fargate has no such Memory with that Cpu"),
        ({"LedgerSecretKey": f"arn:aws:kms:eu-west-1:{home.account}:key/k"}, "so give that too"),
    ):
        refused("ValidationError", why, home.maker.make, name="x", template=text, **home.parameters(**given))
    failed = home.maker.make("failed", text, **home.parameters(Subnets=",".join(home.subnets[:2])))
    expect(failed["StackStatus"], "ROLLBACK_COMPLETE")
    expect("at least 2 AZs" in failed["StackStatusReason"], True)
    home.make()
    again = home.maker.make("again", text, **home.parameters())
    expect("log group already exists" in again["StackStatusReason"], True)
