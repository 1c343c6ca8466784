"""Four accounts set up with nothing but the templates of deploy/, and every policy there is in them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "deploy/local"))

from world import World  # noqa: E402

REGION = "eu-west-1"
# The worker of the registry's account, and the account with a worker of its own.
HUB, EDGE = "hub", "edge"
REPOSITORY = "arn:aws:ecr:eu-west-1:763104351884:repository/linear"
_session = boto3.Session()


class Company:
    """A registry's account and deployment accounts of a run's own; an account's name is its stage.

    The account `edge` has a worker of its own, all others the registry's.
    """

    def __init__(self, url: str, number: int) -> None:
        self.url = url
        self.world = World(url)
        self.registry = f"1{number:011d}"
        self.accounts = {name: f"{n}{number:011d}" for n, name in enumerate(("staging", "prod", EDGE), start=2)}
        self.outputs: dict[str, dict[str, str]] = {}
        # What each worker signs with.
        self.keys: dict[str, dict[str, Any]] = {}
        self._wanted: set[int] = set()
        self._clients: dict[str, Any] = {}

    @property
    def everyone(self) -> list[str]:
        return [self.registry, *self.accounts.values()]

    def set_up(self) -> None:
        """Make all stacks, as the templates' own comments say, and do by hand what is left."""
        edge = self.accounts[EDGE]
        self._organize()
        for account in self.everyone:
            self._stack(
                account, HERE / "company.yaml", Registry=self.registry, Accounts=",".join(self.accounts.values())
            )
        self.managers = {
            name: self.world.post("identities", account=account, name="release-manager")
            for name, account in ((HUB, self.registry), (EDGE, edge))
        }
        company = self.outputs[f"{self.registry}/company"]
        registry = self._stack(
            self.registry,
            ROOT / "deploy/registry.yaml",
            ModelPackageGroups="demand-de,demand-fr,churn",
            NewModelPackageGroup="churn",
            ArtifactBucket=f"acme-artifacts-{self.registry}",
            ArtifactBucketPolicy="replace",
            ArtifactKey=company["ArtifactKey"],
            RegistryReaders=edge,
            DownstreamQueues=f"arn:aws:sqs:{REGION}:{edge}:sluice",
            QueueKey=company["QueueKey"],
            DeploymentAccounts=",".join(self.accounts.values()),
            Deciders=self.managers[HUB]["arn"],
            OrganizationalUnits="true",
            DoctorMayLook="true",
        )
        # What is left to be done by hand.
        self._add_statement(company["ArtifactKey"], json.loads(registry["ArtifactKeyStatement"]))
        sends = {"Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"}
        self._add_statement(
            company["QueueKey"], {"Effect": "Allow", "Principal": {"AWS": self.managers[HUB]["arn"]}, **sends}
        )
        own = self._stack(
            edge,
            ROOT / "deploy/per-account-worker.yaml",
            RegistryAccount=self.registry,
            UpstreamRoleArn=registry["WorkerRoleArn"],
            Deciders=self.managers[EDGE]["arn"],
            OrganizationalUnits="true",
            DoctorMayLook="true",
        )
        for account in self.accounts.values():
            keys = self.outputs[f"{account}/company"]
            self._stack(
                account,
                ROOT / "deploy/deployment-account.yaml",
                WorkerRoleArn=(own if account == edge else registry)["WorkerRoleArn"],
                ExternalId="acme",
                ArtifactBuckets=registry["ArtifactBucketArn"],
                ArtifactKeys=company["ArtifactKey"],
                TestBuckets=f"arn:aws:s3:::acme-tests-{self.registry}",
                ImageRepositories=REPOSITORY,
                ModelBucketPrefix="acme-models",
                ModelKey=keys["ModelKey"],
                # Volumes are encrypted in production only.
                VolumeKeys=keys["VolumeKey"] if account == self.accounts["prod"] else "",
                EndpointBusArn="" if account == edge else registry["EndpointBusArn"],
                DoctorMayLook="true",
            )

        self._sign_in()

    def _organize(self) -> None:
        """An organization with a unit that has the prod account, which both workers may read."""
        management = f"9{self.registry[1:]}"

        def ask(operation: str, **asked: Any) -> Any:
            there = {"account": management, "service": "organizations", "region": "us-east-1"}
            return self.world.post("aws", **there, operation=operation, input=asked)

        ask("CreateOrganization", FeatureSet="ALL")
        root = ask("ListRoots")["Roots"][0]["Id"]
        self.unit = ask("CreateOrganizationalUnit", ParentId=root, Name="live")["OrganizationalUnit"]["Id"]
        readers = [self.registry, self.accounts[EDGE]]
        for account, parent in [(self.accounts["prod"], self.unit), *((reader, root) for reader in readers)]:
            self.world.post("organizations/accounts", management=management, account=account, parent=parent)
        reading = ["organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent"]
        statement = {"Effect": "Allow", "Action": reading, "Resource": "*"}
        statement["Principal"] = {"AWS": [f"arn:aws:iam::{reader}:root" for reader in readers]}
        ask("PutResourcePolicy", Content=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    def _sign_in(self) -> None:
        """What ECS hands to the workers."""
        for name, stack in ((HUB, f"{self.registry}/registry"), (EDGE, f"{self.accounts[EDGE]}/per-account-worker")):
            role = self.outputs[stack]["WorkerRoleArn"]
            service = {"service": "ecs-tasks.amazonaws.com", "session": "worker"}
            self.keys[name] = self.world.post("roles/session", roleArn=role, **service)

    def enforce(self) -> None:
        """From here on nobody may do anything but what the policies say."""
        self.world.post("policies/enforce", accounts=self.everyone)

    def _stack(self, account: str, template: Path, **parameters: str) -> dict[str, str]:
        client = self._clients.get(account) or self._client(account)
        self._clients[account] = client
        client.create_stack(
            StackName=template.stem,
            TemplateBody=template.read_text(),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        stack = client.describe_stacks(StackName=template.stem)["Stacks"][0]
        if stack["StackStatus"] != "CREATE_COMPLETE":
            raise SystemExit(f"{template.name} in {account}: {stack['StackStatus']}: {stack.get('StackStatusReason')}")
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        self.outputs[f"{account}/{template.stem}"] = outputs
        return outputs

    def _client(self, account: str) -> Any:
        keys = self.world.post("administrators", account=account)
        return _session.client(
            "cloudformation",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=keys["accessKeyId"],
            aws_secret_access_key=keys["secretAccessKey"],
        )

    def _add_statement(self, arn: str, statement: dict[str, Any]) -> None:
        held = next(p for p in self.policies() if p["holder"] == arn)
        held["document"]["Statement"].append(statement)
        self.world.post("policies", **held)

    def policies(self) -> list[dict[str, Any]]:
        """All policies of all accounts, each with its account."""
        return [
            {"account": account, **policy}
            for account in self.everyone
            for policy in self.world.get("policies", account=account, region=REGION)
        ]

    def refusals(self) -> list[dict[str, Any]]:
        """What was refused for want of a permission, but for what was shut on purpose."""
        found = [r for account in self.everyone for r in self.world.get("policies/refusals", account=account)]
        return list({refusal["n"]: refusal for refusal in found if refusal["n"] not in self._wanted}.values())

    def forget_refusals(self) -> None:
        self._wanted |= {refusal["n"] for refusal in self.refusals()}

    @contextmanager
    def queue_shut(self, name: str = HUB) -> Iterator[None]:
        """For a while a worker's queue takes no events."""
        queue = f"arn:aws:sqs:{REGION}:{self.accounts[EDGE] if name == EDGE else self.registry}:sluice"
        held = next(policy for policy in self.policies() if policy["holder"] == queue)
        left = [statement for statement in held["document"]["Statement"] if "Service" not in statement["Principal"]]
        before = {refusal["n"] for refusal in self.refusals()}
        self.world.post("policies", **{**held, "document": {"Statement": left}})
        yield
        self.world.post("policies", **held)
        self._wanted |= {r["n"] for r in self.refusals() if r["resource"] == queue and r["n"] not in before}
