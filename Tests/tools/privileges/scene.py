"""The real program in a company's accounts: its workers, its commands, and what is seen of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from company import EDGE, HUB, REGION, Company


class Different(Exception):
    """The run did not go as it goes when everything that is needed is allowed."""


class Scene(Company):
    """What one run happens in."""

    def __init__(self, url: str, sluice: Path, number: int) -> None:
        super().__init__(url, number)
        self._sluice = sluice
        self.folder = Path(tempfile.mkdtemp(prefix="sluice-privileges-"))
        self.limit: Callable[[str], float] = lambda _: 60.0
        self.took: dict[str, float] = {}
        # What the doctor says, and what it says where nothing is missing.
        self.told: list[str] = []
        self.usual: list[str] = []
        # Whether what is tried is for the doctor alone, whose word then counts.
        self.only_doctor = False
        self._workers: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def news(self) -> list[str]:
        """What the doctor says of something that is missing."""
        return [line for line in self.told if line not in (self.usual or self.told)]

    # The program.

    def write(self, name: str, text: str) -> None:
        path = self.folder / "accounts" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def remove(self, name: str) -> None:
        (self.folder / "accounts" / name).unlink()

    def start(self, name: str = HUB, *arguments: str) -> None:
        """Start a worker, which has a ledger of its own."""
        only = ["--only", EDGE] if name == EDGE else []
        command = [str(self._sluice), "worker", *only, *arguments]
        with (self.folder / f"{name}.log").open("ab") as log:
            environment = self._environment(name, self.keys[name])
            self._workers[name] = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)

    def stop(self, name: str = HUB, how: int = signal.SIGTERM) -> None:
        worker = self._workers.pop(name)
        worker.send_signal(how)
        try:
            worker.wait(timeout=15)
        except subprocess.TimeoutExpired:
            worker.kill()
            raise Different(f"the worker of {name} did not stop") from None

    def lose_ledger(self) -> None:
        for path in self.folder.glob(f"{HUB}.sqlite*"):
            path.unlink()

    def run(
        self, *arguments: str, at: str = HUB, who: dict[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A command with the ledger of a worker."""
        try:
            return subprocess.run(
                [str(self._sluice), *arguments],
                cwd=self.folder,
                env=self._environment(at, who or {}),
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Different(f"sluice {arguments[0]} did not end within a minute") from None

    def decide(self, *arguments: str, at: str = HUB) -> None:
        """A command of a release manager's."""
        done = self.run(*arguments, "--reason", "looks right", at=at, who=self.managers[at])
        if done.returncode:
            raise Different(f"sluice {arguments[0]}: {done.stderr.strip()}")

    def _environment(self, name: str, keys: dict[str, Any]) -> dict[str, str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "SLUICE_LEDGER": f"sqlite:{self.folder}/{name}.sqlite",
        }
        names = {"accessKeyId": "AWS_ACCESS_KEY_ID", "secretAccessKey": "AWS_SECRET_ACCESS_KEY"}
        names["sessionToken"] = "AWS_SESSION_TOKEN"
        return environment | {names[key]: value for key, value in keys.items() if key in names}

    # Looking.

    def until(self, what: str, look: Callable[[], Any]) -> Any:
        """Wait for something, as long as a run that may do everything would ever take."""
        began = time.monotonic()
        while not (found := look()):
            if time.monotonic() - began > self.limit(what):
                raise Different(f"it never came to this: {what}")
            time.sleep(0.03)
        self.took[what] = time.monotonic() - began
        return found

    def releases(self, endpoint: str, at: str = HUB) -> list[dict[str, Any]]:
        done = self.run("releases", endpoint, "--json", at=at)
        return json.loads(done.stdout) if done.returncode == 0 else []

    def release(
        self, endpoint: str, number: int, what: str, holds: Callable[[dict[str, Any]], bool], at: str = HUB
    ) -> dict[str, Any]:
        def look() -> Any:
            found = [r for r in self.releases(endpoint, at) if r["number"] == number]
            return found[0] if found and holds(found[0]) else None

        return self.until(f"release {number} of {endpoint} {what}", look)

    def endpoint(self, stage: str, name: str) -> dict[str, Any]:
        return self.world.get(f"endpoints/{self.accounts[stage]}/{name}")

    def calls(self, stage: str, operation: str) -> int:
        """How often an operation succeeded in an account."""
        calls = self.world.get("calls", account=self.accounts[stage])
        return sum(1 for call in calls if call["operation"] == operation and call["done"])

    def log(self, name: str = "*") -> str:
        """What the workers logged, or one of them."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob(f"{name}.log")))

    def close(self) -> None:
        for worker in self._workers.values():
            worker.kill()
            worker.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
