"""Compare what the templates of deploy/ grant with what the program says it needs.

    python3 grants.py DEPLOY SLUICE

SLUICE is the built program. Its `permissions`, for an accounts folder that uses everything there is to be permitted,
come from the table of calls it can make; each role and policy of the templates has to grant the same actions, no
fewer and no more. One line for each difference; the exit code is 0 only if there is none.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

REGISTRY = """
kind: registry
account: "111111111111"
region: eu-west-1
queue: https://sqs.eu-west-1.amazonaws.com/111111111111/sluice
events: default
"""
ACCOUNT = """
kind: account
name: prod
account: "222222222222"
stage: prod
region: eu-west-1
role: arn:aws:iam::222222222222:role/sluice-deploy
externalId: acme
executionRole: arn:aws:iam::222222222222:role/sluice-sagemaker
models: s3://acme-models-222222222222-eu-west-1/models/
kmsKey: arn:aws:kms:eu-west-1:222222222222:key/models
"""
EDGE = """
kind: account
name: edge
account: "333333333333"
stage: edge
region: eu-west-1
queue: https://sqs.eu-west-1.amazonaws.com/333333333333/sluice
upstream: ["AROAEXAMPLEID:*"]
role: arn:aws:iam::333333333333:role/sluice-deploy
externalId: acme
executionRole: arn:aws:iam::333333333333:role/sluice-sagemaker
models: s3://acme-models-333333333333-eu-west-1/models/
"""
UNIT = """
kind: account
name: live-{account}
organizationalUnit: ou-ab12-34cd56ef
stage: prod
region: eu-west-1
role: arn:aws:iam::{account}:role/sluice-deploy
externalId: acme
executionRole: arn:aws:iam::{account}:role/sluice-sagemaker
models: s3://acme-models-{account}-eu-west-1/models/
"""
ENDPOINT = """
kind: endpoint
name: demand
serves: single-model
model: demand-de
adopt: true
variant: {instance: ml.m5.large, count: 2, volumeKmsKey: "arn:aws:kms:eu-west-1:222222222222:key/volumes"}
operators: ["AROARELEASEMANAGERS:*"]
smoke:
  - golden: {data: s3://acme-golden/demand.csv, label: sold, mae: 2}
stages:
  - stage: prod
    traffic: {canary: 50%, wait: 10m, alarms: [demand-5xx]}
    gate: {approvals: 0, alarms: [demand-5xx]}
  - stage: edge
    gate: {approvals: 0}
"""
# What that folder does not ask for: the queue's own key, of which it cannot know, and a stage after the last.
BESIDES = {
    "registry.yaml WorkerRole": {"kms:Decrypt"},
    "per-account-worker.yaml WorkerRole": {"sqs:SendMessage"},
}


def actions(statements: Any) -> set[str]:
    return {action for statement in statements for action in listed(statement["Action"])}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def needed(program: Path) -> dict[str, set[str]]:
    with tempfile.TemporaryDirectory() as folder:
        documents = {"registry": REGISTRY, "prod": ACCOUNT, "unit": UNIT, "edge": EDGE, "endpoint": ENDPOINT}
        for name, text in documents.items():
            Path(folder, f"{name}.yaml").write_text(text)
        command = [program, "permissions", "--json", "--accounts", folder, "--artifacts", "s3://acme-artifacts/"]
        report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    policies = {entry["who"]: entry["policy"] for entry in report["roles"]}
    policies |= {entry["what"]: entry["policy"] for entry in report["resources"]}
    policies |= {f"doctor as {entry['who']}": entry["optional"] for entry in report["roles"] if "optional" in entry}
    return {name: actions(policy["Statement"]) for name, policy in policies.items()}


def granted(template: Path, resource: str) -> set[str]:
    """The actions of all policies of a resource, whatever they depend on."""
    found = plain(yaml.compose(template.read_text(), yaml.SafeLoader))["Resources"][resource]["Properties"]
    found.pop("AssumeRolePolicyDocument", None)
    return actions(statements(found))


def statements(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from statements(item)
    elif isinstance(value, dict):
        if value.get("Effect") == "Allow":
            yield value
        for item in value.values():
            yield from statements(item)


def plain(node: yaml.Node) -> Any:
    """A node without the functions that its tags stand for."""
    if isinstance(node, yaml.MappingNode):
        return {plain(key): plain(value) for key, value in node.value}
    return [plain(item) for item in node.value] if isinstance(node, yaml.SequenceNode) else node.value


def main() -> int:
    deploy, program = Path(sys.argv[1]), Path(sys.argv[2])
    needs = needed(program)
    pairs = [
        ("registry.yaml", "WorkerRole", "worker"),
        ("registry.yaml", "QueuePolicy", "queue sluice"),
        ("registry.yaml", "BucketPolicy", "artifact bucket acme-artifacts"),
        ("per-account-worker.yaml", "WorkerRole", "worker of edge"),
        ("deployment-account.yaml", "DeploymentRole", "prod"),
        ("deployment-account.yaml", "ExecutionRole", "execution role of prod"),
        ("registry.yaml", "DoctorPolicy", "doctor as worker"),
        ("per-account-worker.yaml", "DoctorPolicy", "doctor as worker of edge"),
        ("deployment-account.yaml", "DoctorPolicy", "doctor as prod"),
    ]
    faults = 0
    for name, resource, who in pairs:
        label = f"{name} {resource}"
        grants = granted(deploy / name, resource) - BESIDES.get(label, set())
        for action in sorted(needs[who] - grants):
            print(f"{label} does not grant {action}, which the program needs")
        for action in sorted(grants - needs[who]):
            print(f"{label} grants {action}, which the program never needs")
        faults += len(needs[who] ^ grants)
    print(f"{len(pairs)} policies, {sum(len(needs[who]) for _, _, who in pairs)} actions: {faults} differences")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
