"""Calls of the real CDK CLI, with the arguments that an operator would type."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rehearsal.aws import Endpoint, root
from rehearsal.bundling.docker_program import bundling_variables
from rehearsal.errors import WrongUse
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.host_environment import remove_aws_settings
from rehearsal.host.logged_command import run_logged
from rehearsal.host.node import NodeNotFound
from rehearsal.project.cloud_assembly import Environment

# The first CLI with version 3 of the AWS SDK, which reads AWS_ENDPOINT_URL. Found by trying: no release note says it.
FIRST = (2, 167)
# A build's variable with the commit id. Source: AWS CodeBuild user guide, "Environment variables in build
# environments".
REVISION = "CODEBUILD_RESOLVED_SOURCE_VERSION"


class Cdk:
    """Calls the CLI with the project's commands on its search path; output is written to a log in `logs`.

    tools: the project's folders of commands, searched before PATH. The rehearsal's own folder is searched last.
    """

    def __init__(self, tools: Iterable[Path], endpoint: Endpoint, logs: Path, stop: Cancellation) -> None:
        self._endpoint, self._logs, self._stop = endpoint, logs, stop
        rehearsal = Path(sys.executable).parent
        self._path = os.pathsep.join([*map(str, tools), os.environ.get("PATH", os.defpath), str(rehearsal)])
        node = shutil.which("node", path=self._path)
        if node is None:
            raise NodeNotFound
        self._node = Path(node).parent
        cli = _cli(self._path)
        if cli != shutil.which("cdk", path=self._path):
            self._path = os.pathsep.join([str(_linked(cli, logs.parent / "bin")), self._path])

    def synth(
        self,
        folder: Path,
        out: Path,
        app: str | None,
        environment: tuple[str, str],
        *,
        context: Mapping[str, str],
        revision: str | None = None,
    ) -> None:
        """Synthesize the app in `folder`; the CLI also runs the build command of its cdk.json.

        app: a command that replaces cdk.json's. environment: the values of CDK_DEFAULT_ACCOUNT and CDK_DEFAULT_REGION.
        context: replaces values of cdk.json. revision: the commit id that a build of the pipeline would have in its
        environment.
        """
        command = ["--app", app] if app else []
        command += [word for key, value in context.items() for word in ("--context", f"{key}={value}")]
        variables = {REVISION: revision} if revision else {}
        self._run("synth", ["synth", *command, "--quiet", "--output", str(out)], folder, *environment, **variables)

    def bootstrap(self, environment: Environment, trust: str | None, folder: Path) -> None:
        """Bootstrap one environment. trust: the pipeline's account. folder: has no cdk.json, so that no app runs."""
        account, region = environment.account, environment.region
        names = ["--qualifier", environment.qualifier, "--toolkit-stack-name", environment.toolkit]
        trusted = ["--trust", trust] if trust else []
        policies = ["--cloudformation-execution-policies", "arn:aws:iam::aws:policy/AdministratorAccess"]
        arguments = ["bootstrap", f"aws://{account}/{region}", *names, *trusted, *policies]
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
        env |= bundling_variables(self._logs.parent, self._node)
        env |= {"PATH": self._path, "CDK_DISABLE_CLI_TELEMETRY": "true", "CI": "true"}
        run_logged(command, cwd=folder, env=env, log=self._logs / f"{name}.log", stop=self._stop)


def _cli(path: str) -> str:
    """The first `cdk` on the search path that can use another endpoint; it also deploys assemblies of older libraries.

    Raises WrongUse where there is none.
    """
    old = []
    for folder in path.split(os.pathsep):
        cli = shutil.which("cdk", path=folder) if folder else None
        if cli and _version(cli) >= FIRST:
            return cli
        if cli:
            old.append(f"{cli} is {'.'.join(map(str, _version(cli)))}")
    if old:
        raise WrongUse(
            f"{'; '.join(old)}; a CDK CLI can be pointed at an embedded AWS from {'.'.join(map(str, FIRST))} on, and "
            "deploys what older libraries synthesize: `npm install aws-cdk@2`, here or with -g"
        )
    raise WrongUse("no cdk in the project's node_modules/.bin nor on PATH; run `npm ci`, or `npm install -g aws-cdk`")


def _linked(cli: str, folder: Path) -> Path:
    """Create a folder that holds only this `cdk`, to put first on a search path."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "cdk").symlink_to(cli)
    return folder


def _version(cli: str) -> tuple[int, ...]:
    """The version of the npm package that the command belongs to; FIRST for a command that belongs to none."""
    package = Path(cli).resolve().parent.parent / "package.json"
    if not package.exists():
        return FIRST
    return tuple(int(part) for part in json.loads(package.read_text())["version"].split("-")[0].split("."))
