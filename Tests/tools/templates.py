"""Check of the templates in deploy/ what cfn-lint does not.

    python3 templates.py DEPLOY

* Every parameter is described; every text that can be wrong has a pattern, and a sentence for whoever gets it wrong.
* What a parameter cannot be is refused (REFUSED), and what it can be is not (ACCEPTED).
* Every wildcard of a policy is argued for, in a comment on its line or just before it.
* Every queue that a rule sends to, also what it cannot deliver, lets that rule send.
* The Dockerfile builds with the packages of deploy/prepare, and systemd has nothing to say about the unit.

One line for each fault; the exit code is 0 only if there is none.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

# A parameter: texts it must not take. Of a list, each is an item of it.
REFUSED = {
    "Name": ["", "Sluice", "1st", "a_b", "a" * 21],
    "ModelPackageGroups": ["", "a_b", "-a", "a-", "a.b", "a" * 64],
    "NewModelPackageGroup": ["a_b", "a" * 64],
    "RegistryReaders": ["11111111111", "1111111111111", "*", "arn:aws:iam::111111111111:root"],
    "RegistryAccount": ["", "11111111111", "*"],
    "RegistryRegion": ["eu", "eu-west-1a", "EU-WEST-1"],
    "DeploymentAccounts": ["22222222222", "2222-2222-2222", "*"],
    "OrganizationId": ["o-1", "acme", "*"],
    "ArtifactBucket": ["", "s3://acme", "acme/models", "Acme", "*"],
    "ArtifactBuckets": ["", "acme", "arn:aws:s3:::acme/*", "arn:aws:s3:::*"],
    "TestBuckets": ["acme", "arn:aws:s3:::acme/golden.csv"],
    "ArtifactPrefix": ["models", "/models/", "s3://acme/", "models/*"],
    "ModelPrefix": ["", "models", "/models/", "models/*"],
    "ArtifactKey": ["alias/acme", "arn:aws:kms:eu-west-1:111111111111:alias/acme"],
    "ArtifactKeys": ["*", "arn:aws:kms:eu-west-1:111111111111:key/*"],
    "ModelKey": ["*", "arn:aws:kms:eu-west-1:111111111111:alias/acme"],
    "QueueKey": ["alias/aws/sqs", "arn:aws:kms:*:111111111111:key/k"],
    "LedgerSecretKey": ["alias/acme"],
    "VolumeKeys": ["*"],
    "DeploymentRoleName": ["", "arn:aws:iam::222222222222:role/deploy", "a/b", "*"],
    "ExecutionRoleName": ["", "a/b", "*"],
    "WorkerRoleArn": ["", "*", "sluice-worker", "arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:role/*"],
    "UpstreamRoleArn": ["", "*", "arn:aws:iam::111111111111:user/eve"],
    "WorkerPrincipal": ["*", "arn:aws:iam::111111111111:root"],
    "Deciders": ["*", "arn:aws:iam::111111111111:role/*"],
    "DownstreamQueues": ["*", "https://sqs.eu-west-1.amazonaws.com/222222222222/sluice"],
    "WorkerTemplate": ["deploy/worker-ecs.yaml", "s3://acme/worker-ecs.yaml", "http://acme.s3.amazonaws.com/w.yaml"],
    "VpcId": ["acme", "*"],
    "Subnets": ["acme", "*"],
    "OidcProvider": ["https://oidc.eks.eu-west-1.amazonaws.com/id/A", "*"],
    "OidcSubject": ["", "system:serviceaccount:*:sluice"],
    "EventBusName": ["", "arn:aws:events:eu-west-1:111111111111:event-bus/default"],
    "EndpointBusArn": ["default", "arn:aws:events:eu-west-1:111111111111:event-bus/*"],
    "AlarmTopic": ["topic", "arn:aws:sqs:eu-west-1:111111111111:sluice"],
    "ExternalId": ["", "a", "two words", "*", "a" * 1225],
    "EndpointNames": ["", "Demand", "de*mand", "**", "-a"],
    "ImageRepositories": ["", "forecast", "arn:aws:ecr:eu-west-1:111111111111:repository/*"],
    "ImageRepository": ["acme/sluice", "arn:aws:ecr:eu-west-1:111111111111:repository/*"],
    "ModelBucketPrefix": ["", "Acme", "a" * 33, "acme.models"],
    "Image": ["sluice", "acme/sluice", "acme/sluice@sha256:1"],
    "Only": ["two words", "*"],
    "Resync": ["", "5", "0m", "5 minutes", "5m,--help"],
    "LedgerSecret": ["postgresql://sluice@db/sluice", "*"],
    "LedgerCidr": ["", "10.0.0.0", "10.0.0.0/33", "::/0"],
    "DatabaseClass": ["", "t4g.micro"],
    "DatabaseVersion": ["15", "16.1", "15.x"],
    "SageMakerProjectName": ["", "a_b", "-a", "a" * 33],
    "SageMakerProjectId": ["", "p_1", "a" * 21],
}
ACCEPTED = {
    "ArtifactPrefix": ["models/", "a/b-1/c_2/"],
    "Deciders": ["arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Lead_0123"],
    "EndpointNames": ["*", "demand-*", "demand-forecast"],
    "Image": ["111111111111.dkr.ecr.eu-west-1.amazonaws.com/sluice:1.4", f"acme/sluice@sha256:{'a' * 64}"],
    "LedgerSecret": ["arn:aws:secretsmanager:eu-west-1:111111111111:secret:acme/ledger-AbC123"],
    "QueueKey": ["arn:aws-cn:kms:cn-north-1:111111111111:key/mrk-0123"],
    "RegistryRegion": ["us-gov-west-1", "ap-southeast-2"],
    "SageMakerProjectId": ["p-abcdefghijkl"],
    "WorkerTemplate": ["https://acme.s3.eu-west-1.amazonaws.com/sluice/worker-ecs.yaml"],
}


def entries(node: yaml.Node) -> list[tuple[str, yaml.Node]]:
    """The entries of a mapping, in their order; none of anything else."""
    return [(key.value, value) for key, value in node.value] if isinstance(node, yaml.MappingNode) else []


def plain(node: yaml.Node) -> dict[str, str]:
    return {key: value.value for key, value in entries(node) if isinstance(value, yaml.ScalarNode)}


def mentioned(node: yaml.Node) -> set[str]:
    """The resources that a node refers to, by `!Ref` or `!GetAtt`."""
    if isinstance(node, yaml.ScalarNode):
        return {node.value.partition(".")[0]} if node.tag in ("!Ref", "!GetAtt") else set()
    items = [item for pair in node.value for item in (pair if isinstance(node, yaml.MappingNode) else [pair])]
    return set().union(*map(mentioned, items))


class Template:
    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text()
        self.lines = text.splitlines()
        self.sections = dict(entries(yaml.compose(text, yaml.SafeLoader)))

    def faults(self) -> Iterator[str]:
        for key, value in entries(self.sections["Parameters"]):
            for fault in self.parameter(key, plain(value)):
                yield f"{self.path}:{value.start_mark.line}: {key} {fault}"
        for section in ("Resources", "Outputs"):
            for line in self.wildcards(self.sections[section], [], in_policy=section == "Outputs"):
                yield f"{self.path}:{line + 1}: a wildcard that no comment here argues for"

        for queue, rule in self.unheard():
            yield f"{self.path}: {queue} does not let {rule} send"

    def unheard(self) -> Iterator[tuple[str, str]]:
        """The queues of this template that a rule of it sends to, and that have no policy which lets it."""
        resources = {name: dict(entries(node)) for name, node in entries(self.sections["Resources"])}
        kinds = {name: resource["Type"].value for name, resource in resources.items()}
        heard = set()
        for name, kind in kinds.items():
            if kind == "AWS::SQS::QueuePolicy":
                named = mentioned(resources[name]["Properties"])
                heard |= {(queue, rule) for queue in named for rule in named}
        for name, kind in kinds.items():
            if kind == "AWS::Events::Rule":
                named = sorted(mentioned(resources[name]["Properties"]))
                queues = [other for other in named if kinds.get(other) == "AWS::SQS::Queue"]
                yield from ((queue, name) for queue in queues if (queue, name) not in heard)

    def parameter(self, name: str, parameter: dict[str, str]) -> Iterator[str]:
        kind, pattern = parameter["Type"], parameter.get("AllowedPattern")
        if not parameter.get("Description", "").endswith((".", "?")):
            yield "is described by no sentence"
        if kind == "Number":
            if not {"MinValue", "MaxValue"} <= parameter.keys() and not self.is_chosen(name):
                yield "has no bounds"
        elif kind in ("String", "CommaDelimitedList") and not self.is_chosen(name):
            if pattern is None or not is_whole(pattern):
                yield "has no pattern for all of its text"
                return
            if not re.fullmatch(r"has to .+\.", parameter.get("ConstraintDescription", "")):
                yield "does not say what it has to be"
            if name not in REFUSED:
                yield "has no example here of what it cannot be"
            default = [parameter["Default"]] if "Default" in parameter else []
            yield from (f"takes {text!r}" for text in REFUSED.get(name, []) if re.search(pattern, text))
            for text in ACCEPTED.get(name, []) + default:
                if not re.search(pattern, text):
                    yield f"does not take {text!r}"

    def is_chosen(self, name: str) -> bool:
        """Whether its values are listed."""
        return "AllowedValues" in dict(entries(dict(entries(self.sections["Parameters"]))[name]))

    def wildcards(self, node: yaml.Node, keys: list[int], in_policy: bool) -> Iterator[int]:
        """The lines of wildcards of policies without a comment.

        `keys` are the lines of what a comment may stand at besides the wildcard's own: the key it belongs to.
        """
        if isinstance(node, yaml.MappingNode):
            names = {key for key, _ in entries(node)}
            for key, value in node.value:
                if key.value == "Description":
                    continue
                inside = in_policy or "Effect" in names or key.value == "PolicyDocument"
                yield from self.wildcards(value, [key.start_mark.line], inside)
        elif isinstance(node, yaml.SequenceNode):
            # The arguments of a function are one value, the items of a list are several.
            for item in node.value:
                yield from self.wildcards(item, keys if node.tag.startswith("!") else [], in_policy)
        elif in_policy and "*" in node.value:
            if not any(self.is_commented(line) for line in [node.start_mark.line, *keys]):
                yield node.start_mark.line

    def is_commented(self, line: int) -> bool:
        return " # " in self.lines[line] or self.lines[line - 1].lstrip().startswith("#")


def is_whole(pattern: str) -> bool:
    """Whether each alternative of a pattern is about all of a text."""
    return pattern.startswith("^") and all(part.endswith("$") for part in pattern.split("|^"))


def packages(text: str) -> set[str]:
    return set(re.findall(r"\b(?:lib[a-z0-9.+-]+-dev|pkg-config)\b", text))


def unit_faults(unit: Path) -> Iterator[str]:
    """What systemd says about the unit, with a program that is there on this machine."""
    if shutil.which("systemd-analyze") is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / unit.name
        copy.write_text(unit.read_text().replace("/usr/local/bin/sluice", "/bin/true"))
        verdict = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
        yield from (f"{unit}: {line}" for line in verdict.stderr.splitlines() if unit.name in line)


def main() -> int:
    deploy = Path(sys.argv[1])
    templates = [Template(path) for path in sorted(deploy.glob("*.yaml"))]
    faults = [fault for template in templates for fault in template.faults()]
    known = {name for template in templates for name, _ in entries(template.sections["Parameters"])}
    faults += [f"no template has a parameter {name}" for name in sorted((REFUSED.keys() | ACCEPTED) - known)]
    wanted, given = packages((deploy / "prepare").read_text()), packages((deploy / "Dockerfile").read_text())
    faults += [f"{deploy}/Dockerfile: {name} is there or in prepare alone" for name in sorted(wanted ^ given)]
    faults += unit_faults(deploy / "sluice.service")
    print(*faults, sep="\n", end="\n" if faults else "")
    print(f"{len(templates)} templates, {len(known)} parameters: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
