"""Run the whole job with the templates' permissions alone, then without each of their actions in turn."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import folder
import points as policies
import story
from company import ROOT
from points import Point
from scene import Different, Scene

# Added to the number of a run that is repeated, since accounts are not used twice.
AGAIN = 100_000


@dataclass
class Ending:
    """How a run ended: why differently, what was refused, and how long what was waited for took."""

    why: str | None = None
    refused: list[str] = field(default_factory=list)
    took: dict[str, float] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    news: list[str] = field(default_factory=list)
    log: str = ""


def attempt(url: str, sluice: Path, number: int, without: Point, usual: Ending) -> Ending:
    """A run without an action. One that is late on a busy machine, nothing being refused, proves nothing."""
    ending = run(url, sluice, number, without, usual)
    return ending if ending.refused or not ending.why else run(url, sluice, AGAIN + number, without, usual)


def run(url: str, sluice: Path, number: int, without: Point | None, usual: Ending | None) -> Ending:
    scene = Scene(url, sluice, number)
    if usual:
        # Three times as long as it takes when nothing is missing, and what a busy machine adds.
        scene.limit = lambda what: 3 * usual.took.get(what, 1) + 3
        scene.usual = usual.told
        # What a teardown needs is beside the doctor's permissions, which no rollout needs either.
        scene.only_doctor = "doctor " in str(without) and "Teardown" not in str(without)
    ending = Ending(took=scene.took)
    try:
        scene.set_up()
        if without:
            policies.remove(scene, without)
        try:
            story.play(scene)
        except Different as different:
            ending.why = str(different)
        ending.refused = sorted({f"{r['action']} on {r['resource']}" for r in scene.refusals()})
        ending.log, ending.told, ending.news = scene.log(), scene.told, scene.news
    finally:
        scene.close()
    return ending


def compare(url: str, sluice: Path, number: int) -> tuple[list[Point], list[str]]:
    """The templates' actions, and where they are others than `sluice permissions` asks for."""
    scene = Scene(url, sluice, number)
    try:
        scene.set_up()
        folder.write(scene)
        return policies.points(scene), list(_differences(scene))
    finally:
        scene.close()


# What the accounts folder does not say, so that `sluice permissions` cannot know it: the queue may have a key of
# its own. And what is no role of Sluice's: EventBridge's, which sends events on.
UNTOLD = {("registry", "role/sluice-worker"): {"kms:Decrypt"}}
NOT_OURS = {("deployment-account", "role/sluice-deploy-events")}


def _differences(scene: Scene) -> list[str]:
    done = scene.run("permissions", "--json", "--artifacts", f"s3://acme-artifacts-{scene.registry}/")
    if done.returncode:
        return [f"sluice permissions: {done.stderr.strip()}"]
    asked: dict[tuple[str, str], set[str]] = {}
    for role in json.loads(done.stdout)["roles"]:
        # People have no role that a template makes.
        if "arn" in role:
            template = policies.template(scene, role["arn"])
            statements = role["policy"]["Statement"] + role.get("optional", {"Statement": []})["Statement"]
            actions = [action for statement in statements for action in _list(statement["Action"])]
            asked.setdefault((template, role["arn"].split(":", 5)[5]), set()).update(actions)
    found = []
    given = policies.allowed(scene)
    for key in sorted(given.keys() | asked.keys()):
        here, there = given.get(key, set()) - UNTOLD.get(key, set()), asked.get(key, set())
        if key not in NOT_OURS and here != there:
            name = " ".join(key)
            found.append(f"{name}: only in the template {sorted(here - there)}, only asked for {sorted(there - here)}")
    return found


def _list(value: object) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


def chosen(found: list[Point], asked: argparse.Namespace) -> list[Point]:
    if asked.only:
        return [point for point in found if asked.only in str(point)]
    if asked.sample is None:
        return found
    step = max(1, len(found) // max(1, asked.sample))
    return found[step // 2 :: step][: asked.sample]


def main() -> int:
    parser = argparse.ArgumentParser(prog="privileges", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="remove so many actions only, spread over all")
    parser.add_argument("--only", metavar="TEXT", help="remove the actions only whose lines contain this")
    parser.add_argument("--jobs", type=int, default=2, help="how many runs at a time (default: %(default)s)")
    parser.add_argument("--sluice", type=Path, default=ROOT / ".build/debug/sluice", help="the program")
    asked = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    server = [sys.executable, str(ROOT / "deploy/local/aws.py"), "--update-seconds", "0.2", "--with-parent"]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            return sweep(process.stdout.readline().split()[-1], asked)
        finally:
            process.terminate()


def sweep(url: str, asked: argparse.Namespace) -> int:
    found, differences = compare(url, asked.sluice, 1)
    for difference in differences:
        print(f"DIFFERS  {difference}")
    began = time.monotonic()
    whole = run(url, asked.sluice, 2, None, None)
    if whole.why or whole.refused:
        print(whole.log, file=sys.stderr)
        print(f"FAIL  with all that the templates allow: {whole.why}; refused: {whole.refused}")
        return 1
    print(f"ok    the whole job with the templates' permissions alone ({time.monotonic() - began:.0f} s)", flush=True)
    tried = chosen(found, asked)
    needless, named = [], 0
    with ProcessPoolExecutor(max_workers=asked.jobs) as pool:
        runs = {
            pool.submit(attempt, url, asked.sluice, number, point, whole): point
            for number, point in enumerate(tried, start=3)
        }
        for future in as_completed(runs):
            point, ending = runs[future], future.result()
            named += any(point.action in line for line in ending.news)
            # Something else that went wrong would prove nothing.
            if ending.why and any(line.startswith(f"{point.action} ") for line in ending.refused):
                print(f"ok    {point}\n      {ending.why[:300]}", flush=True)
            else:
                needless.append(point)
                why = ending.why or "all went as before"
                print(f"FAIL  {point}\n      {why}; refused: {ending.refused}", flush=True)
    some = f" (of {len(found)})" if len(tried) < len(found) else ""
    print(f"{len(tried)} actions{some}, {len(tried) - len(needless)} needed; sluice doctor named {named} of them")
    for point in needless:
        print(f"not needed: {point}")
    return 1 if needless or differences or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
