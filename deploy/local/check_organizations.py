"""What the local stand-in for AWS does as AWS Organizations; part of check.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from check import World, check, expect, refused

HIDDEN = "You don't have permissions to access this resource."


class Organization:
    """An organization that the prod account manages, with a unit `live` that has 45 accounts and a unit within."""

    def __init__(self, world: World) -> None:
        self.world, self.management = world, world.prod
        made = self.ask("CreateOrganization", FeatureSet="ALL")["Organization"]
        self.id, self.root = made["Id"], self.ask("ListRoots")["Roots"][0]["Id"]
        self.live = self.unit(self.root, "live")
        self.within = self.unit(self.live, "within")
        first = int(world.prod) * 100 % 10**12
        self.accounts = [self.join(f"{first + n:012d}", self.live) for n in range(45)]
        self.join(world.registry, self.root)

    def ask(self, operation: str, **asked: Any) -> Any:
        there = {"account": self.management, "service": "organizations", "region": "us-east-1"}
        return self.world.control("aws", {**there, "operation": operation, "input": asked})

    def unit(self, parent: str, name: str) -> str:
        return self.ask("CreateOrganizationalUnit", ParentId=parent, Name=name)["OrganizationalUnit"]["Id"]

    def join(self, account: str, parent: str, **more: Any) -> str:
        asked = {"management": self.management, "account": account, "parent": parent, **more}
        return self.world.control("organizations/accounts", asked)["Id"]

    def client(self, account: str = "", **more: Any) -> Any:
        keys = self.world.control("identities", {"account": account or self.management, "name": "somebody"})
        return self.world.client("organizations", keys, **{"region": "us-east-1", **more})

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:organizations::{self.management}:{kind}/{self.id}/{name}"

    def delegate(self, **statement: Any) -> None:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
        self.ask("PutResourcePolicy", Content=json.dumps(document))


def all_of(call: Callable[..., Any], member: str, **asked: Any) -> tuple[list[Any], list[int]]:
    """Everything that is listed, and how much was on each page."""
    pages = [call(**asked)]
    while pages[-1].get("NextToken"):
        pages.append(call(**asked, NextToken=pages[-1]["NextToken"]))
    return [item for page in pages for item in page[member]], [len(page[member]) for page in pages]


@check("accounts and units are listed under their parent alone, in pages of which the first is empty")
def children(world: World) -> None:
    made = Organization(world)
    client = made.client()
    accounts, pages = all_of(client.list_accounts_for_parent, "Accounts", ParentId=made.live, MaxResults=20)
    expect(([a["Id"] for a in accounts], pages), (made.accounts, [0, 20, 20, 5]))
    expect(("Status" in accounts[0], accounts[0]["State"]), (False, "ACTIVE"))
    roots, pages = all_of(client.list_accounts_for_parent, "Accounts", ParentId=made.root)
    expect(([a["Id"] for a in roots], pages), ([made.management, world.registry], [0, 2]))
    units = client.list_organizational_units_for_parent
    expect(all_of(units, "OrganizationalUnits", ParentId=made.root)[0][0]["Arn"], made.arn("ou", made.live))
    expect([u["Id"] for u in all_of(units, "OrganizationalUnits", ParentId=made.live)[0]], [made.within])
    expect(all_of(units, "OrganizationalUnits", ParentId=made.within), ([], [0, 0]))
    # What a listing is asked for: a parent that there is, so many at most, and its own tokens.
    lists, nobody = client.list_accounts_for_parent, made.live[:-8] + "00000000"
    refused("ParentNotFoundException", "parent", lists, ParentId=nobody)
    refused("InvalidInputException", "pattern", lists, ParentId="live")
    refused("InvalidInputException", "maximum of 20", lists, ParentId=made.live, MaxResults=21)
    token = lists(ParentId=made.live)["NextToken"]
    refused("InvalidInputException", "token", lists, ParentId=made.root, NextToken=token)
    refused("InvalidInputException", "token", units, ParentId=made.live, NextToken="x")


@check("accounts move, close, are made at ids of AWS's choice, and have the state that a test wishes them")
def moves(world: World) -> None:
    made = Organization(world)
    there = {"SourceParentId": made.live, "DestinationParentId": made.within}
    made.ask("MoveAccount", AccountId=made.accounts[0], **there)
    made.ask("CloseAccount", AccountId=made.accounts[0])
    another = made.ask("CreateAccount", AccountName="x", Email="x@example.com")["CreateAccountStatus"]["AccountId"]
    made.ask("MoveAccount", AccountId=another, SourceParentId=made.root, DestinationParentId=made.within)
    leaving = made.join(world.staging, made.within, state="PENDING_CLOSURE")
    accounts, _ = all_of(made.client().list_accounts_for_parent, "Accounts", ParentId=made.within)
    states = {made.accounts[0]: "SUSPENDED", another: "ACTIVE", leaving: "PENDING_CLOSURE"}
    expect({a["Id"]: a["State"] for a in accounts}, states)
    # Anybody's keys are had in such an account, as in every other.
    keys = world.control("identities", {"account": another, "name": "somebody"})
    expect(world.client("sts", keys).get_caller_identity()["Account"], another)


@check("a member account sees what it is delegated, and no more; a stranger has no organization at all")
def delegation(world: World) -> None:
    made = Organization(world)
    member, asked = made.client(world.registry), {"ParentId": made.live}
    expect(member.describe_organization()["Organization"]["MasterAccountId"], made.management)
    refused("AccessDeniedException", HIDDEN, member.list_accounts_for_parent, **asked)
    role = f"arn:aws:iam::{world.registry}:user/somebody"
    action, live = "organizations:ListAccountsForParent", made.arn("ou", made.live)
    made.delegate(Principal={"AWS": role}, Action=action, Resource=live)
    member.list_accounts_for_parent(**asked)
    refused("AccessDeniedException", HIDDEN, member.list_organizational_units_for_parent, **asked)
    refused("AccessDeniedException", HIDDEN, member.list_accounts_for_parent, ParentId=made.root)
    other = {"Principal": {"AWS": f"arn:aws:iam::{made.accounts[0]}:root"}, "Resource": "*"}
    made.delegate(Action="organizations:List*", **other)
    refused("AccessDeniedException", HIDDEN, member.list_accounts_for_parent, **asked)
    made.client(made.accounts[0]).list_accounts_for_parent(ParentId=made.root)
    made.ask("DeleteResourcePolicy")
    made.ask("RegisterDelegatedAdministrator", AccountId=world.registry, ServicePrincipal="ssm.amazonaws.com")
    member.list_accounts_for_parent(**asked)
    unit = {"ParentId": made.live, "Name": "more"}
    refused("AccessDeniedException", HIDDEN, member.create_organizational_unit, **unit)
    stranger = made.client(world.staging).list_accounts_for_parent
    refused("AWSOrganizationsNotInUseException", "not a member", stranger, **asked)
    elsewhere = made.client(region="eu-west-1").list_accounts_for_parent
    refused("InvalidSignatureException", "valid region, not 'eu-west-1'", elsewhere, **asked)


@check("where policies are enforced, listing an organization needs its permission on the parent")
def permission(world: World) -> None:
    made = Organization(world)
    action, live, root = "organizations:ListAccountsForParent", made.arn("ou", made.live), made.arn("root", made.root)
    client, member = made.client(), made.client(world.registry)
    made.delegate(Principal={"AWS": f"arn:aws:iam::{world.registry}:root"}, Action=action, Resource=live)
    world.control("policies/enforce", {"accounts": [made.management, world.registry]})

    def say(account: str, *statements: dict[str, Any]) -> None:
        holder = {"account": account, "holder": f"arn:aws:iam::{account}:user/somebody"}
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}
        world.control("policies", {**holder, "kind": "inline", "name": "given", "document": document})

    lists, asked = client.list_accounts_for_parent, {"ParentId": made.live}
    refused("AccessDeniedException", f"{action} on resource: {live} because no identity-based", lists, **asked)
    say(made.management, {"Action": action, "Resource": live})
    lists(**asked)
    refused("AccessDeniedException", f"{action} on resource: {root} because", lists, ParentId=made.root)
    units = client.list_organizational_units_for_parent
    refused("AccessDeniedException", f"ListOrganizationalUnitsForParent on resource: {live}", units, **asked)
    say(made.management, {"Action": action, "Resource": "*"}, {"Effect": "Deny", "Action": "*", "Resource": live})
    refused("AccessDeniedException", "explicit deny", lists, **asked)
    # A member needs both the delegation and a policy of its own.
    refused("AccessDeniedException", "no identity-based policy", member.list_accounts_for_parent, **asked)
    say(world.registry, {"Action": "organizations:List*", "Resource": "*"})
    member.list_accounts_for_parent(**asked)
    refused("AccessDeniedException", HIDDEN, member.list_accounts_for_parent, ParentId=made.root)
    refused("AccessDeniedException", HIDDEN, member.list_organizational_units_for_parent, **asked)
