"""The real CDK CLI, as an operator would call it by hand."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rehearsal.aws import Endpoint, root
from rehearsal.bundling.docker_program import bundling_variables
from rehearsal.errors import WrongUse
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.host_environment import remove_aws_settings
from rehearsal.host.processes import check
from rehearsal.project.cloud_assembly import Environment

# The first CLI with version 3 of the AWS SDK, which reads AWS_ENDPOINT_URL: tried, since its notes say nothing of it.
FIRST = (2, 167)
# A build's variables. Source: AWS CodeBuild user guide, "Environment variables in build environments".
REVISION = "CODEBUILD_RESOLVED_SOURCE_VERSION"


class Cdk:
    """Calls the CLI with the project's tools on its path; every output goes to a log.

    tools: folders of commands that come before those of PATH; the rehearsal's own come after them.
    """

    def __init__(self, tools: Iterable[Path], endpoint: Endpoint, logs: Path, stop: Cancellation) -> None:
        self._endpoint, self._logs, self._stop = endpoint, logs, stop
        own = Path(sys.executable).parent
        self._path = os.pathsep.join([*map(str, tools), os.environ.get("PATH", os.defpath), str(own)])
        cli = _cli(self._path)
        if cli != shutil.which("cdk", path=self._path):
            self._path = os.pathsep.join([str(_linked(cli, logs.parent / "bin")), self._path])

    def synth(
        self, folder: Path, out: Path, app: str | None, environment: tuple[str, str], revision: str | None = None
    ) -> None:
        """Synthesize the app in `folder`, its cdk.json's build command included.

        app: a command in place of cdk.json's. environment: what CDK_DEFAULT_ACCOUNT and CDK_DEFAULT_REGION are.
        revision: the commit, where it is synthesized as a build of the pipeline would, which knows it.
        """
        command = ["--app", app] if app else []
        known = {REVISION: revision} if revision else {}
        self._run("synth", ["synth", *command, "--quiet", "--output", str(out)], folder, *environment, **known)

    def bootstrap(self, environment: Environment, trust: str | None, folder: Path) -> None:
        """Bootstrap one environment; `folder` has no cdk.json, so that no app runs."""
        account, region = environment.account, environment.region
        own = ["--qualifier", environment.qualifier, "--toolkit-stack-name", environment.toolkit]
        trusted = ["--trust", trust] if trust else []
        policies = ["--cloudformation-execution-policies", "arn:aws:iam::aws:policy/AdministratorAccess"]
        arguments = ["bootstrap", f"aws://{account}/{region}", *own, *trusted, *policies]
        self._run(f"bootstrap-{account}-{region}-{environment.qualifier}", arguments, folder, account, region)

    def deploy(self, folder: Path, out: Path, stack: str, account: str, region: str) -> None:
        """Deploy one stack of the assembly `out`, its assets included."""
        arguments = ["deploy", "--app", str(out), "--require-approval", "never", "--progress", "events", stack]
        self._run("deploy", arguments, folder, account, region)

    def run_shell(self, command: str, folder: Path, account: str, region: str) -> None:
        """Run a shell command as the account's root user."""
        self.run("prepare", ["/bin/sh", "-c", command], folder, account, region)

    def _run(
        self, name: str, arguments: Sequence[str], folder: Path, account: str, region: str, **variables: str
    ) -> None:
        command = ["cdk", "--no-version-reporting", *arguments]
        self.run(f"cdk-{name}", command, folder, account, region, **variables)

    def run(self, name: str, command: Sequence[str], folder: Path, account: str, region: str, **variables: str) -> None:
        """Run a command with the CLI on its path and as the root user of `account`."""
        env = dict(os.environ)
        remove_aws_settings(env)
        env |= self._endpoint.environ(root(account), region) | variables
        node = Path(shutil.which("node", path=self._path) or "").parent
        env |= bundling_variables(self._logs.parent, node)
        env |= {"PATH": self._path, "CDK_DISABLE_CLI_TELEMETRY": "true", "CI": "true"}
        check(command, cwd=folder, env=env, log=self._logs / f"{name}.log", stop=self._stop)


def _cli(path: str) -> str:
    """The first `cdk` of the search path that can reach an embedded AWS; a newer CLI deploys what older libraries make.

    Raises WrongUse where there is none.
    """
    old = []
    for folder in path.split(os.pathsep):
        found = shutil.which("cdk", path=folder) if folder else None
        if found and _version(found) >= FIRST:
            return found
        if found:
            old.append(f"{found} is {'.'.join(map(str, _version(found)))}")
    if old:
        raise WrongUse(
            f"{'; '.join(old)}; a CDK CLI can be pointed at an embedded AWS from {'.'.join(map(str, FIRST))} on, and "
            "deploys what older libraries synthesize: `npm install aws-cdk@2`, here or with -g"
        )
    raise WrongUse("no cdk in the project's node_modules/.bin nor on PATH; run `npm ci`, or `npm install -g aws-cdk`")


def _linked(cli: str, folder: Path) -> Path:
    """A folder with only this `cdk`, to come first on a search path."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "cdk").symlink_to(cli)
    return folder


def _version(cli: str) -> tuple[int, ...]:
    """Of the npm package that the command belongs to; of a command of another kind nothing is known against it."""
    package = Path(cli).resolve().parent.parent / "package.json"
    if not package.exists():
        return FIRST
    return tuple(int(part) for part in json.loads(package.read_text())["version"].split("-")[0].split("."))
