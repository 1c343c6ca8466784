"""The model registry: groups, versioned packages, who else may read them, and the events they cause."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from . import authority, bus, objects, policy
from .actions import Need
from .identity import Caller
from .store import Holdings, Sagemaker, check_name, page, read_tags
from .wire import AWSError, invalid

STATUSES = ("Approved", "Rejected", "PendingManualApproval")
ARN = re.compile(r"arn:aws:sagemaker:[\w-]+:\d{12}:(model-package-group|model-package)/.+")
EVENT = "SageMaker Model Package State Change"


@dataclass
class Group:
    name: str
    arn: str
    created: float
    description: str | None = None
    policy: str | None = None
    versions: int = 0
    packages: list[Package] = field(default_factory=list)


@dataclass
class Package:
    group: Group
    version: int
    arn: str
    created: float
    modified: float
    asked: dict[str, Any]
    approval: str
    status: str = "Completed"
    # Who changed it last; nobody before the first update.
    by: Caller | None = None

    def described(self) -> dict[str, Any]:
        shown = {key: value for key, value in self.asked.items() if key not in ("ClientToken", "Tags")}
        shown |= {
            "ModelPackageName": f"{self.group.name}/{self.version}",
            "ModelPackageGroupName": self.group.name,
            "ModelPackageVersion": self.version,
            "ModelPackageArn": self.arn,
            "CreationTime": self.created,
            "ModelPackageStatus": self.status,
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "CertifyForMarketplace": False,
            "ModelApprovalStatus": self.approval,
            "LastModifiedTime": self.modified,
        }
        if self.by:
            shown["LastModifiedBy"] = {"IamIdentity": {"Arn": self.by.arn, "PrincipalId": self.by.user_id}}
        return shown

    def summary(self) -> dict[str, Any]:
        shown = {
            "ModelPackageGroupName": self.group.name,
            "ModelPackageVersion": self.version,
            "ModelPackageArn": self.arn,
            "CreationTime": self.created,
            "ModelPackageStatus": self.status,
            "ModelApprovalStatus": self.approval,
        }
        if "ModelPackageDescription" in self.asked:
            shown["ModelPackageDescription"] = self.asked["ModelPackageDescription"]
        return shown


class Registry:
    def __init__(self, sagemaker: Sagemaker) -> None:
        self._sagemaker = sagemaker

    # Finding things, in the caller's account by name or in any account by ARN.

    def _group(self, held: Holdings, caller: Caller, named: Any, action: str) -> tuple[Holdings, Group]:
        """A group by name or ARN; another account's only as far as the group's policy goes."""
        name = str(named or "")
        if name.startswith("arn:"):
            if not ARN.fullmatch(name):
                raise invalid(f"Invalid ARN: {name}")
            held, name = self._sagemaker.by_arn(name), name.split("/", 1)[1]
        arn = held.arn("model-package-group", name)
        group = held.groups.get(name.lower())
        if caller.account != held.account:
            # AWS's own example allows listing a group's packages on the packages, so either resource will do.
            _authorize(group, caller, action, arn, held.arn("model-package", f"{name}/*"))
        if group is None:
            raise invalid(f"ModelPackageGroup {arn} does not exist.")
        return held, group

    def package(self, held: Holdings, caller: Caller, named: Any, action: str) -> tuple[Holdings, Package]:
        """A package by ARN, another account's only as far as its group's policy goes."""
        name = str(named or "")
        if name.startswith("arn:"):
            if not ARN.fullmatch(name):
                raise invalid(f"Invalid ARN: {name}")
            held, name = self._sagemaker.by_arn(name), name.split("/", 1)[1]
        arn = held.arn("model-package", name)
        if caller.account != held.account:
            _authorize(held.groups.get(name.lower().partition("/")[0]), caller, action, arn)
        found = held.packages.get(arn)
        if found is None:
            raise invalid(f"ModelPackage {arn} does not exist.")
        return held, found

    def policy_of(self, arn: str) -> str | None:
        """The policy of the group that a group's or a package's ARN is of."""
        held, name = self._sagemaker.by_arn(arn), arn.split("/", 1)[1]
        group = held.groups.get(name.lower().partition("/")[0])
        return group.policy if group else None

    def policies(self, account: str, region: str) -> list[tuple[str, str | None]]:
        return [(group.arn, group.policy) for group in self._sagemaker.of(account, region).groups.values()]

    def set_policy(self, arn: str, text: str) -> None:
        self._sagemaker.by_arn(arn).groups[arn.rpartition("/")[2].lower()].policy = text

    # Groups.

    def create_group(self, held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
        name = check_name(asked.get("ModelPackageGroupName"), "modelPackageGroupName")
        arn = held.arn("model-package-group", name)
        if name.lower() in held.groups:
            raise invalid(f'Cannot create already existing model package group "{arn}".')
        held.groups[name.lower()] = Group(name, arn, held.now(), asked.get("ModelPackageGroupDescription"))
        held.tags[arn] = read_tags(asked)
        return {"ModelPackageGroupArn": arn}

    def describe_group(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        _, group = self._group(held, caller, asked.get("ModelPackageGroupName"), "DescribeModelPackageGroup")
        return {**_group_summary(group), "CreatedBy": {}}

    def list_groups(self, held: Holdings, asked: dict[str, Any], _: Caller) -> dict[str, Any]:
        found = [g for g in held.groups.values() if asked.get("NameContains", "") in g.name]
        keys = {"CreationTime": lambda g: g.created, "Name": lambda g: g.name}
        groups, token = page(found, asked, keys, "Ascending")
        return _listed("ModelPackageGroupSummaryList", [_group_summary(g) for g in groups], token)

    def delete_group(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        _, group = self._group(held, caller, asked.get("ModelPackageGroupName"), "DeleteModelPackageGroup")
        if group.packages:
            text = f"ModelPackageGroup {group.arn} cannot be deleted as it still contains Model Packages."
            raise AWSError("ConflictException", text)
        del held.groups[group.name.lower()]
        held.tags.pop(group.arn, None)
        return {}

    def put_policy(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        _, group = self._group(held, caller, asked.get("ModelPackageGroupName"), "PutModelPackageGroupPolicy")
        group.policy = asked.get("ResourcePolicy")
        return {"ModelPackageGroupArn": group.arn}

    def get_policy(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        _, group = self._group(held, caller, asked.get("ModelPackageGroupName"), "GetModelPackageGroupPolicy")
        if group.policy is None:
            raise invalid(f"Cannot find resource policy for: {group.arn}")
        return {"ResourcePolicy": group.policy}

    def delete_policy(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        _, group = self._group(held, caller, asked.get("ModelPackageGroupName"), "DeleteModelPackageGroupPolicy")
        group.policy = None
        return {}

    # Packages.

    def create_package(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        named = asked.get("ModelPackageGroupName")
        if not named:
            raise invalid("Only versioned model packages are kept here: ModelPackageGroupName is required.")
        held, group = self._group(held, caller, named, "CreateModelPackage")
        approval = asked.get("ModelApprovalStatus", "PendingManualApproval")
        _check_status(approval)
        with held.lock:
            group.versions += 1
            at = held.now()
            arn = held.arn("model-package", f"{group.name}/{group.versions}")
            asked = {key: value for key, value in asked.items() if key != "ModelPackageGroupName"}
            package = Package(group, group.versions, arn, at, at, _completed(asked), approval)
            group.packages.append(package)
            held.packages[arn] = package
            held.tags[arn] = read_tags(asked)
        self._announce(held, package, None)
        return {"ModelPackageArn": arn}

    def describe_package(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        _, package = self.package(held, caller, asked.get("ModelPackageName"), "DescribeModelPackage")
        return package.described()

    def describe_packages(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        found: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for arn in asked.get("ModelPackageArnList", []):
            try:
                _, package = self.package(held, caller, arn, "DescribeModelPackage")
                found[arn] = package.summary()
                found[arn]["InferenceSpecification"] = package.asked.get("InferenceSpecification", {})
            except AWSError as error:
                errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
        return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}

    def list_packages(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        named = asked.get("ModelPackageGroupName")
        if named:
            _, group = self._group(held, caller, named, "ListModelPackages")
            packages = list(group.packages)
        else:
            # Without a group AWS lists packages that have no versions, of which there are none here.
            kind = asked.get("ModelPackageType", "Unversioned")
            packages = [] if kind == "Unversioned" else list(held.packages.values())
        status = asked.get("ModelApprovalStatus")
        after, before = asked.get("CreationTimeAfter", 0), asked.get("CreationTimeBefore", float("inf"))
        found = [
            p
            for p in packages
            if status in (None, p.approval)
            and after < p.created < before
            and asked.get("NameContains", "") in p.group.name
        ]
        keys = {"CreationTime": lambda p: p.created, "Name": lambda p: [p.group.name, p.version]}
        shown, token = page(found, asked, keys, "Ascending")
        return _listed("ModelPackageSummaryList", [p.summary() for p in shown], token)

    def update_package(
        self, held: Holdings, asked: dict[str, Any], caller: Caller, quietly: bool = False
    ) -> dict[str, Any]:
        """Change what is passed and keep the rest; every update is announced, as AWS does."""
        held, package = self.package(held, caller, asked.get("ModelPackageArn"), "UpdateModelPackage")
        changed = [key for key in asked if key not in ("ModelPackageArn", "ClientToken")]
        with held.lock:
            if "ModelApprovalStatus" in asked:
                _check_status(asked["ModelApprovalStatus"])
                package.approval = asked["ModelApprovalStatus"]
            if "CustomerMetadataProperties" in asked:
                kept = package.asked.get("CustomerMetadataProperties", {})
                package.asked["CustomerMetadataProperties"] = {**kept, **asked["CustomerMetadataProperties"]}
            for key in asked.get("CustomerMetadataPropertiesToRemove", []):
                package.asked.get("CustomerMetadataProperties", {}).pop(key, None)
            for key in ("ApprovalDescription", "ModelLifeCycle", "SourceUri", "ModelCard"):
                if key in asked:
                    package.asked[key] = asked[key]
            package.modified, package.by = held.now(), caller
        if not quietly:
            self._announce(held, package, changed)
        return {"ModelPackageArn": package.arn}

    def delete_package(self, held: Holdings, asked: dict[str, Any], caller: Caller) -> dict[str, Any]:
        held, package = self.package(held, caller, asked.get("ModelPackageName"), "DeleteModelPackage")
        with held.lock:
            held.packages.pop(package.arn, None)
            held.tags.pop(package.arn, None)
            package.group.packages.remove(package)
        return {}

    def set_status(self, arn: str, status: str) -> None:
        """Say that a package is Pending, InProgress, Failed or Completed, which only AWS itself decides."""
        held = self._sagemaker.by_arn(arn)
        package = held.packages[arn]
        package.status, package.modified = status, held.now()
        self._announce(held, package, None)

    def announce(self, arn: str, times: int) -> None:
        """Deliver one event about a package as it is now, several times, as EventBridge may."""
        held = self._sagemaker.by_arn(arn)
        self._announce(held, held.packages[arn], ["ModelApprovalStatus"], times)

    def _announce(self, held: Holdings, package: Package, changed: list[str] | None, times: int = 1) -> None:
        detail = package.described()
        del detail["ModelPackageName"]
        detail.pop("LastModifiedBy", None)
        for key in ("CreationTime", "LastModifiedTime"):
            detail[key] = bus.iso(detail[key])
        if changed:
            detail["UpdatedModelPackageFields"] = changed
        bus.emit(held.account, held.region, EVENT, [package.arn], detail, times)


def _authorize(group: Group | None, caller: Caller, action: str, *arns: str) -> None:
    action = f"sagemaker:{action}"
    if group is None or not any(policy.allows(group.policy, caller, action, arn, {}) for arn in arns):
        why = f"because no resource-based policy allows the {action} action"
        authority.note(caller, arns[0].split(":")[4], Need(action, arns[0]), why)
        text = f"User: {caller.arn} is not authorized to perform: {action} on resource: {arns[0]} "
        raise AWSError("AccessDeniedException", text + why)


def _check_status(status: Any) -> None:
    if status not in STATUSES:
        raise invalid(
            f"1 validation error detected: Value '{status}' at 'modelApprovalStatus' failed to satisfy constraint: "
            "Member must satisfy enum value set: [PendingManualApproval, Approved, Rejected]"
        )


def _completed(asked: dict[str, Any]) -> dict[str, Any]:
    """Add what AWS works out by itself about a package's containers."""
    for container in asked.get("InferenceSpecification", {}).get("Containers", []):
        digest = hashlib.sha256(container.get("Image", "").encode()).hexdigest()
        container.setdefault("ImageDigest", f"sha256:{digest}")
        etag = objects.etag(container.get("ModelDataUrl", ""))
        if etag:
            container.setdefault("ModelDataETag", etag)
    return asked


def _group_summary(group: Group) -> dict[str, Any]:
    shown = {
        "ModelPackageGroupName": group.name,
        "ModelPackageGroupArn": group.arn,
        "CreationTime": group.created,
        "ModelPackageGroupStatus": "Completed",
    }
    return shown | ({"ModelPackageGroupDescription": group.description} if group.description else {})


def _listed(key: str, items: list[Any], token: str | None) -> dict[str, Any]:
    return {key: items, **({"NextToken": token} if token else {})}
