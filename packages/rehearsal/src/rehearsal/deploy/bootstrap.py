"""Bootstrap of accounts and regions, by the command in rehearsal.toml, else by `cdk bootstrap` with its defaults."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from botocore.exceptions import ClientError

from rehearsal.aws import Endpoint, root
from rehearsal.deploy.bootstrap_record import BootstrapRecord, read_record, write_record
from rehearsal.errors import WrongUse
from rehearsal.project.cdk_cli import Cdk
from rehearsal.project.cloud_assembly import Environment
from rehearsal.project.configuration import FILE, Bootstrap, read_config
from rehearsal.workspace.layout import Workspace

ReportProgress = Callable[[str], None]


class Bootstrapper:
    """Bootstraps environments; every account except the pipeline's trusts the pipeline's account.

    cdk: called for the CDK CLI only where something has to be bootstrapped. pipeline: the pipeline's account. tell:
    reports progress.
    """

    def __init__(
        self, space: Workspace, endpoint: Endpoint, cdk: Callable[[], Cdk], pipeline: str, tell: ReportProgress
    ) -> None:
        self._space, self._endpoint, self._cdk, self._pipeline, self._tell = space, endpoint, cdk, pipeline, tell
        self._settings = read_config(space.root).bootstrap
        self._now = BootstrapRecord(
            self._settings.command if self._settings else "", _digest(space.root, self._settings)
        )

    def bootstrap_missing(self, environments: Sequence[Environment]) -> Sequence[Environment]:
        """Bootstrap the environments that are not bootstrapped; the others again where the command or files changed.

        Returns the environments that were bootstrapped.
        """
        before, changed = read_record(self._space), self.changed()
        missing = self._missing(environments, before)
        if changed and len(missing) < len(environments):
            self._tell(f"{FILE}'s bootstrap, or a file that it names, has changed since the accounts were bootstrapped")
        outdated = environments if changed else missing
        if outdated:
            self._bootstrap(outdated)
            unchanged = () if changed else before.environments
            known = tuple(dict.fromkeys([*unchanged, *environments]))
            write_record(self._space, replace(self._now, environments=known))
        return outdated

    def _missing(self, environments: Sequence[Environment], before: BootstrapRecord) -> list[Environment]:
        """Return the environments without a bootstrap stack, or without a record."""
        with ThreadPoolExecutor() as pool:
            is_done = pool.map(lambda environment: is_bootstrapped(self._endpoint, environment), environments)
            # the record lacks an environment that was removed before the command changed
            return [
                environment
                for environment, yes in zip(environments, is_done, strict=True)
                if not (yes and environment in before.environments)
            ]

    def changed(self) -> bool:
        """Return whether the command, or a file that it names, is another than when the accounts were bootstrapped."""
        before = read_record(self._space)
        return (before.command, before.digest) != (self._now.command, self._now.digest)

    def _bootstrap(self, environments: Sequence[Environment]) -> None:
        self._tell("bootstrapping " + ", ".join(map(str, environments)))
        cdk = self._cdk()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda environment: self._bootstrap_environment(cdk, environment), environments))

    def _bootstrap_environment(self, cdk: Cdk, environment: Environment) -> None:
        account, region = environment.account, environment.region
        if self._settings is None:
            folder = self._space.home / "deploy"  # without a cdk.json, so that no app runs
            folder.mkdir(exist_ok=True)
            trust = None if account == self._pipeline else self._pipeline
            cdk.bootstrap(environment, trust=trust, folder=folder)
            return
        words = [part.format(account=account, region=region) for part in shlex.split(self._settings.command)]
        cdk.run(f"bootstrap-{account}-{region}", words, self._space.root, account, region)
        if not is_bootstrapped(self._endpoint, environment):
            raise WrongUse(
                f"{FILE}: `{shlex.join(words)}` ended well, and {account}/{region} has no stack {environment.toolkit};"
                f" a bootstrap command makes one, as `cdk bootstrap aws://{account}/{region}` does"
            )


def bootstrap_change_warning(space: Workspace, folder: Path) -> str:
    """Return a warning where the bootstrap command or files of the project in `folder` have changed; else empty."""
    before, settings = read_record(space), read_config(folder).bootstrap
    if not before.command:
        return ""
    if settings and (before.command, before.digest) == (settings.command, _digest(folder, settings)):
        return ""
    return (
        f"{FILE}'s bootstrap, or a file that it names, has changed: on AWS, bootstrap every account again before the"
        f" push ({', '.join(map(str, before.environments))}; a rehearsal does)"
    )


def is_bootstrapped(endpoint: Endpoint, environment: Environment) -> bool:
    """Return whether the environment's bootstrap stack exists."""
    api = endpoint.client("cloudformation", root(environment.account), environment.region)
    try:
        api.describe_stacks(StackName=environment.toolkit)
    except ClientError:
        return False
    return True


def _digest(folder: Path, settings: Bootstrap | None) -> str:
    """The digest of names and contents of the bootstrap's files. Raises WrongUse where a pattern matches none."""
    digest = hashlib.sha256()
    for pattern in settings.files if settings else ():
        paths = sorted(folder.glob(pattern))
        if not paths:
            raise WrongUse(f"{FILE}: bootstrap.files: nothing in {folder} matches {pattern}")
        for path in paths:
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()
