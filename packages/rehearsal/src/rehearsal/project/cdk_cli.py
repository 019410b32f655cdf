"""Calls of the real CDK CLI, with the arguments that an operator would type."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal.aws import Endpoint, root
from rehearsal.bundling.docker_program import bundling_variables
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.host_environment import remove_aws_settings
from rehearsal.host.logged_command import run_logged
from rehearsal.project.cdk_installation import CdkInstallation
from rehearsal.project.cloud_assembly import Environment

# A build's variable with the commit id. Source: AWS CodeBuild user guide, "Environment variables in build
# environments".
REVISION = "CODEBUILD_RESOLVED_SOURCE_VERSION"


class Cdk:
    """Calls the CLI with the project's commands on its search path; output is written to a log in `logs`."""

    def __init__(self, installation: CdkInstallation, endpoint: Endpoint, logs: Path, stop: Cancellation) -> None:
        self._endpoint, self._logs, self._stop = endpoint, logs, stop
        self._node, self._path = installation.node, installation.path
        if not installation.is_first:
            self._path = os.pathsep.join([str(_linked(installation.cli, logs.parent / "bin")), self._path])

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


def _linked(cli: Path, folder: Path) -> Path:
    """Create a folder that holds only this `cdk`, to put first on a search path."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "cdk").symlink_to(cli)
    return folder
