"""AWS Organizations: moto's, with who may call it, how that is delegated, and pages that are as AWS's can be.

The management account may do what its policies say. A member account may read what it is delegated: everything as
the administrator of some service of AWS's, or else what the organization's resource policy grants it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
import threading
from typing import Any

from moto.organizations.models import OrganizationsBackend, organizations_backends

from . import moto_app, policy
from .identity import Caller
from .wire import AWSError, Reply, Request, json_reply

MOST_PER_PAGE = 20
PARENT = re.compile(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}")
# The kinds of resources by how their ids begin; accounts' are digits.
KINDS = {"r": "root", "ou": "ou"}
NAMED = ("ParentId", "AccountId", "SourceParentId", "DestinationParentId", "OrganizationalUnitId")

_lock = threading.Lock()
# Management account → the id and the text of its organization's resource policy.
_delegations: dict[str, tuple[str, str]] = {}


def answer(request: Request, caller: Caller, operation: str) -> Reply | None:
    if request.region != "us-east-1":
        text = f"Credential should be scoped to a valid region, not '{request.region}'."
        raise AWSError("InvalidSignatureException", text)
    master = management(caller.account)
    if operation == "CreateOrganization":
        return None
    if master is None:
        raise AWSError("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    if not _may(request, caller, operation, master):
        raise AWSError("AccessDeniedException", "You don't have permissions to access this resource.")
    if operation in ("ListAccountsForParent", "ListOrganizationalUnitsForParent"):
        return _children(request, operation, _backend(master))
    if operation.endswith("ResourcePolicy"):
        return _resource_policy(request, operation, master)
    return moto_app.perform(request, master)


def management(account: str) -> str | None:
    """The management account of the organization that an account is in."""
    if account in organizations_backends.master_accounts:
        return organizations_backends.master_accounts[account][0]
    return account if account in organizations_backends and _backend(account).org else None


def subjects(request: Request, account: str) -> list[str]:
    """The ARNs of what a request by this account is about; one about nothing in particular is about everything."""
    master = management(account)
    org = _backend(master).org if master else None
    ids = [str(request.json[member]) for member in NAMED if member in request.json]
    kinds = [(KINDS.get(found.partition("-")[0], "account"), found) for found in ids]
    return [f"arn:aws:organizations::{master}:{kind}/{org.id}/{found}" for kind, found in kinds if org] or ["*"]


def policy_of(master: str) -> str:
    """All that an organization delegates, as one policy."""
    statements = policy.as_list(json.loads(_delegations.get(master, ("", "{}"))[1]).get("Statement", []))
    administrators = [f"arn:aws:iam::{admin.account.id}:root" for admin in _backend(master).admins]
    reads = ["organizations:Describe*", "organizations:List*"]
    readers = {"Effect": "Allow", "Principal": {"AWS": administrators}, "Action": reads, "Resource": "*"}
    return json.dumps({"Statement": [*statements, readers]})


def enlist(asked: dict[str, Any]) -> dict[str, Any]:
    """Let an account join an organization at an id that is wished for, which AWS's own API cannot be asked for."""
    master, account = asked["management"], asked["account"]
    backend = _backend(master)
    if not re.fullmatch(r"\d{12}", account) or management(account):
        raise ValueError(f"{account} is no account's id, or is in an organization already")
    parent = asked.get("parent") or (backend.org.root_id if backend.org else None)
    if parent not in [unit.id for unit in backend.ou]:
        raise ValueError(f"{master} manages no organization with {parent or 'a root'}")
    email, name = f"{account}@example.com", asked.get("name", account)
    made = backend.create_account(AccountName=name, Email=email)["CreateAccountStatus"]
    held = backend.get_account_by_id(made["AccountId"])
    held.id, held.parent_id, held.state = account, parent, asked.get("state", "ACTIVE")
    organizations_backends.master_accounts[account] = organizations_backends.master_accounts.pop(made["AccountId"])
    return _shown(held)


def _backend(account: str) -> OrganizationsBackend:
    return organizations_backends[account]["aws"]


def _may(request: Request, caller: Caller, operation: str, master: str) -> bool:
    # Which organization it is in, every member may ask.
    if caller.account == master or operation == "DescribeOrganization":
        return True
    action, delegated = f"organizations:{operation}", policy_of(master)
    return all(policy.allows(delegated, caller, action, arn, {}) for arn in subjects(request, caller.account))


def _shown(account: Any) -> dict[str, Any]:
    # AWS retired Status in September 2026.
    return {name: value for name, value in account.describe().items() if name != "Status"}


def _children(request: Request, operation: str, backend: OrganizationsBackend) -> Reply:
    parent = request.json["ParentId"]
    if not PARENT.fullmatch(parent):
        raise _invalid("You provided a value that does not match the required pattern.")
    if all(unit.id != parent for unit in backend.ou):
        raise AWSError("ParentNotFoundException", "You specified parent that doesn't exist.")
    if operation == "ListAccountsForParent":
        accounts = [account for account in backend.accounts if account.parent_id == parent]
        return _page(request, "Accounts", [_shown(account) for account in accounts])
    units = [unit for unit in backend.ou if unit.parent_id == parent]
    return _page(request, "OrganizationalUnits", [unit.describe()["OrganizationalUnit"] for unit in units])


def _page(request: Request, member: str, children: list[dict[str, Any]]) -> Reply:
    """The first page is empty, and more follow: of all AWS's lists, these "can occasionally return an empty set"."""
    asked = request.json
    size = asked.get("MaxResults", MOST_PER_PAGE)
    if size > MOST_PER_PAGE:
        raise _invalid(f"You provided a value that exceeds the maximum of {MOST_PER_PAGE}.")
    mark = f"{member} {asked['ParentId']} "
    if "NextToken" not in asked:
        return json_reply({member: [], "NextToken": _token(f"{mark}0")})
    start = _start(asked["NextToken"], mark)
    more = {"NextToken": _token(f"{mark}{start + size}")} if start + size < len(children) else {}
    return json_reply({member: children[start : start + size], **more})


def _token(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _start(token: str, mark: str) -> int:
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode()
        return int(text.removeprefix(mark))
    except (ValueError, binascii.Error):
        raise _invalid("You provided a next token that is not valid.") from None


def _resource_policy(request: Request, operation: str, master: str) -> Reply:
    with _lock:
        found = _delegations.get(master)
        if operation == "PutResourcePolicy":
            if not _well_formed(request.json["Content"]):
                raise _invalid("You provided a policy document that is not valid.")
            found = (found[0] if found else f"rp-{secrets.token_hex(4)}", request.json["Content"])
            _delegations[master] = found
        if found is None:
            raise AWSError("ResourcePolicyNotFoundException", "We can't find a resource policy request.")
        if operation == "DeleteResourcePolicy":
            del _delegations[master]
            return json_reply({})
    policy_id, text = found
    org = _backend(master).org
    arn = f"arn:aws:organizations::{master}:resourcepolicy/{org.id if org else ''}/{policy_id}"
    return json_reply({"ResourcePolicy": {"ResourcePolicySummary": {"Id": policy_id, "Arn": arn}, "Content": text}})


def _well_formed(text: str) -> bool:
    try:
        statements = policy.as_list(json.loads(text)["Statement"])
    except (ValueError, KeyError, TypeError):
        return False
    needed = {"Effect", "Principal", "Action", "Resource"}
    return all(isinstance(statement, dict) and needed <= statement.keys() for statement in statements)


def _invalid(text: str) -> AWSError:
    return AWSError("InvalidInputException", text)
