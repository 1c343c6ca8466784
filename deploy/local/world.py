#!/usr/bin/env python3
"""Arrange and look at the made-up world inside the local stand-in for AWS, from the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

TEACH = """
a first walk, with `deploy/local/aws.py --port 5000` running in another terminal:
  export AWS_ENDPOINT_URL=http://127.0.0.1:5000
  world.py create --account staging=222222222222 --account prod=333333333333 --group demand-de
  world.py register --group demand-de --coefficients 1,2,0.5 --intercept 10
  world.py approve arn:aws:sagemaker:eu-west-1:111111111111:model-package/demand-de/1
  env $(world.py keys worker) sluice worker --accounts accounts --ledger sqlite:sluice.sqlite
  world.py endpoint 222222222222 demand-forecast
  world.py invoke 222222222222 demand-forecast --target demand-de.tar.gz 1,2,3

making trouble:
  world.py next 222222222222 demand-forecast rollback     the next update ends on the old config
  world.py update 222222222222 demand-forecast            somebody else is updating it
  world.py fault sagemaker.UpdateEndpoint --code ThrottlingException --status 400 --times 3
"""


class World:
    """The control API, one method for each way of asking."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def get(self, path: str, **query: Any) -> Any:
        given = {key: value for key, value in query.items() if value is not None}
        return self._ask("GET", path + ("?" + urllib.parse.urlencode(given) if given else ""), None)

    def post(self, path: str, **body: Any) -> Any:
        return self._ask("POST", path, {key: value for key, value in body.items() if value is not None})

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path, None)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/_local/{path}", data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"world.py: {json.load(error)['error']}") from None
        except urllib.error.URLError as error:
            raise SystemExit(f"world.py: no stand-in answers at {self._url}: {error.reason}") from None


def create(world: World, asked: argparse.Namespace) -> Any:
    accounts = []
    for pair in asked.account or ["staging=222222222222", "prod=333333333333"]:
        name, _, account = pair.partition("=")
        accounts.append({"name": name, "account": account})
    return world.post(
        "worlds",
        registry=asked.registry,
        accounts=accounts,
        groups=asked.group or ["demand-de"],
        region=asked.region,
        externalId=asked.external_id,
    )


def keys(world: World, asked: argparse.Namespace) -> Any:
    known = {"worker": "sluice-worker"}
    who = world.post("identities", account=asked.registry, name=known.get(asked.name, asked.name))
    print(f"AWS_ACCESS_KEY_ID={who['accessKeyId']}")
    print(f"AWS_SECRET_ACCESS_KEY={who['secretAccessKey']}")
    print(f"AWS_REGION={asked.region}")


def register(world: World, asked: argparse.Namespace) -> Any:
    return world.post(
        "register",
        account=asked.registry,
        region=asked.region,
        group=asked.group,
        coefficients=[float(number) for number in asked.coefficients.split(",")],
        intercept=asked.intercept,
        approve=asked.approve,
    )


def decide(world: World, asked: argparse.Namespace) -> Any:
    return world.post("packages/status", arn=asked.arn, status=asked.status, description=asked.description)


def next_outcome(world: World, asked: argparse.Namespace) -> Any:
    about = {"account": asked.account, "endpoint": asked.name, "region": asked.region}
    return world.post("endpoints/next", **about, outcome=asked.outcome, reason=asked.reason, seconds=asked.seconds)


def update(world: World, asked: argparse.Namespace) -> Any:
    return world.post("endpoints/update", account=asked.account, endpoint=asked.name, seconds=asked.seconds)


def invoke(world: World, asked: argparse.Namespace) -> Any:
    about = {"account": asked.account, "endpoint": asked.name, "region": asked.region}
    return world.post("invoke", **about, target=asked.target, body=asked.body)


def fault(world: World, asked: argparse.Namespace) -> Any:
    return world.post(
        "faults",
        match=asked.match,
        account=asked.account,
        status=asked.status,
        code=asked.code,
        message=asked.message,
        times=asked.times,
        when=asked.when,
        delaySeconds=asked.delay_seconds,
    )


def faults(world: World, asked: argparse.Namespace) -> Any:
    return world.delete(f"faults/{asked.remove}") if asked.remove else world.get("faults")


def calls(world: World, asked: argparse.Namespace) -> Any:
    if asked.counts:
        return world.get("calls/counts", account=asked.account)
    return world.get("calls", account=asked.account, since=asked.since)


def enforce(world: World, asked: argparse.Namespace) -> Any:
    return world.post("policies/enforce", accounts=asked.accounts, on=not asked.off, organization=asked.organization)


def policies(world: World, asked: argparse.Namespace) -> Any:
    return world.get("policies/refusals" if asked.refusals else "policies", account=asked.account, region=asked.region)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="world.py", description=__doc__, epilog=TEACH, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    url = os.environ.get("AWS_ENDPOINT_URL")
    parser.add_argument("--url", default=url, help="where the stand-in answers (default: AWS_ENDPOINT_URL)")
    parser.add_argument("--registry", default="111111111111", help="the registry's account (default: %(default)s)")
    parser.add_argument("--region", default="eu-west-1", help="(default: %(default)s)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: Any, text: str, *positional: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(does=does)
        for argument in positional:
            added.add_argument(argument)
        return added

    added = command("create", create, "Make a registry account, deployment accounts, a queue, roles and users.")
    added.add_argument("--account", action="append", metavar="NAME=ID", help="a deployment account; may be repeated")
    added.add_argument("--group", action="append", help="a model package group; may be repeated")
    added.add_argument("--external-id", default="acme", help="what roles must be assumed with (default: %(default)s)")

    command("keys", keys, "Print NAME's credentials as environment settings: worker, release-manager, …", "name")

    added = command("register", register, "Register a linear model as the next version of a group.")
    added.add_argument("--group", required=True)
    added.add_argument("--coefficients", required=True, metavar="A,B,…", help="one number for each column")
    added.add_argument("--intercept", type=float, default=0.0)
    added.add_argument("--approve", action="store_true", help="approve it at once")

    for name, status in (("approve", "Approved"), ("reject", "Rejected"), ("withdraw", "PendingManualApproval")):
        added = command(name, decide, f"Set a model package's approval status to {status}.", "arn")
        added.set_defaults(status=status)
        added.add_argument("--description", help="why, as the registry's ApprovalDescription")

    command(
        "endpoint",
        lambda w, a: w.get(f"endpoints/{a.account}/{a.name}"),
        "Show what an endpoint serves.",
        "account",
        "name",
    )
    added = command("invoke", invoke, "Ask an endpoint for a prediction on rows of CSV.", "account", "name", "body")
    added.add_argument("--target", help="the target model, on a multi-model endpoint")
    added = command("next", next_outcome, "Order how the next creation or update ends.", "account", "name")
    added.add_argument("outcome", choices=("done", "rollback", "fail"))
    added.add_argument("--reason", help="the FailureReason of a failure")
    added.add_argument("--seconds", type=float, help="how long it takes")
    added = command("update", update, "Let somebody else update an endpoint for a while.", "account", "name")
    added.add_argument("--seconds", type=float, help="how long it takes")

    added = command("fault", fault, "Order a fault for calls that match a regex on service.Operation.", "match")
    added.add_argument("--account", help="only calls made with this account's credentials")
    added.add_argument("--status", type=int)
    added.add_argument("--code")
    added.add_argument("--message")
    added.add_argument("--times", type=int, help="how often; -1 until removed (default: 1)")
    added.add_argument("--when", help="instead, after, drop-before, drop-after, hold-before or hold-after")
    added.add_argument("--delay-seconds", type=float)
    added = command("faults", faults, "List faults and how often each fired, or remove one.")
    added.add_argument("--remove", metavar="ID")

    added = command("enforce", enforce, "Hold accounts to their policies: until then everybody may do everything.")
    added.add_argument("accounts", nargs="+", metavar="ACCOUNT")
    added.add_argument("--organization", help="the organization they are in")
    added.add_argument("--off", action="store_true", help="let everybody do everything again")
    added = command("policies", policies, "Show the policies of an account's roles, users and resources.", "account")
    added.add_argument("--refusals", action="store_true", help="what was refused for want of a permission instead")

    added = command("calls", calls, "Show the calls that were made.")
    added.add_argument("--account", help="only calls made with this account's credentials")
    added.add_argument("--since", type=int, default=0, metavar="N", help="only calls after number N")
    added.add_argument("--counts", action="store_true", help="only how many of each")
    return parser


def main() -> None:
    parser = arguments()
    asked = parser.parse_args()
    if not asked.url:
        parser.error("--url or AWS_ENDPOINT_URL must say where the stand-in answers")
    shown = asked.does(World(asked.url), asked)
    if shown is not None:
        json.dump(shown, sys.stdout, indent=2, ensure_ascii=False)
        print()


if __name__ == "__main__":
    main()
