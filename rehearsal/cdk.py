"""The real CDK CLI, as a person would call it by hand."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from rehearsal.aws import Endpoint, forget, root
from rehearsal.errors import WrongUse
from rehearsal.processes import check

Tell = Callable[[str], None]


class Cdk:
    """Calls the CLI with the project's tools on its path; every output goes to a log."""

    def __init__(self, project: Path, endpoint: Endpoint, logs: Path, stop: threading.Event) -> None:
        self._endpoint, self._logs, self._stop = endpoint, logs, stop
        self._path = os.pathsep.join(
            [
                str(Path(sys.executable).parent),
                str(project / "node_modules" / ".bin"),
                os.environ.get("PATH", os.defpath),
            ]
        )
        if shutil.which("cdk", path=self._path) is None:
            raise WrongUse(
                f"no cdk in {project / 'node_modules' / '.bin'} nor on PATH; run `npm ci` (here: `make setup`)"
            )

    def synth(self, folder: Path, out: Path) -> None:
        """Synthesize the app in `folder`, its cdk.json's build command included."""
        self._run("synth", ["synth", "--quiet", "--output", str(out)], folder, "000000000000", "us-east-1")

    def bootstrap(self, account: str, region: str, trust: str | None, folder: Path) -> None:
        """Bootstrap one environment; `folder` has no cdk.json, so that no app runs."""
        trusted = ["--trust", trust] if trust else []
        policies = ["--cloudformation-execution-policies", "arn:aws:iam::aws:policy/AdministratorAccess"]
        arguments = ["bootstrap", f"aws://{account}/{region}", *trusted, *policies]
        self._run(f"bootstrap-{account}-{region}", arguments, folder, account, region)

    def deploy(self, folder: Path, out: Path, stack: str, account: str, region: str) -> None:
        """Deploy one stack of the assembly `out`, its assets included."""
        arguments = ["deploy", "--app", str(out), "--require-approval", "never", "--progress", "events", stack]
        self._run("deploy", arguments, folder, account, region)

    def _run(self, name: str, arguments: Sequence[str], folder: Path, account: str, region: str) -> None:
        self.run(name, ["cdk", "--no-version-reporting", *arguments], folder, account, region)

    def run(self, name: str, command: Sequence[str], folder: Path, account: str, region: str) -> None:
        """Run a command as a person would with the CLI at hand and as the root user of `account`."""
        env = dict(os.environ)
        forget(env)
        env |= self._endpoint.environ(root(account), region)
        env |= {"PATH": self._path, "CDK_DISABLE_CLI_TELEMETRY": "true", "CI": "true"}
        check(
            list(command),
            cwd=folder,
            env=env,
            log=self._logs / f"cdk-{name}.log",
            stop=self._stop,
        )
