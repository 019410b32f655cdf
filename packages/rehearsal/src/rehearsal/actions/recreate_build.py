"""A build's sources and environment, recreated after its end, for `rehearse shell`.

The inputs are from the CodePipeline and CodeBuild APIs. The folder of a failed build is used as the build left it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from rehearsal.actions.clone_ref import unpack_or_clone
from rehearsal.actions.codebuild_project import Project, variables
from rehearsal.aws import Endpoint, download_object, root
from rehearsal.codebuild.build_image import choose_machine
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.buildspec import UnsupportedFeature
from rehearsal.codebuild.machine import Machine
from rehearsal.codebuild.model import Build, BuildFolders
from rehearsal.codebuild.prepare import Prepared, prepare
from rehearsal.codebuild.role_session import RoleSession
from rehearsal.engine.endpoint import Credentials
from rehearsal.engine.model.definition import PipelineKey
from rehearsal.errors import WrongUse
from rehearsal.host.foreground_command import ForegroundCommand
from rehearsal.project.remotes import Remotes

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        ActionExecutionDetailTypeDef,
        S3LocationTypeDef,
    )
    from types_boto3_s3 import S3Client


@dataclass(frozen=True)
class RecreatedBuild:
    """Runs shells where the build ran. is_original: its folder is that of the failed build."""

    machine: Machine
    prepared: Prepared
    is_original: bool

    @property
    def place(self) -> str:
        """The folder of the shell, and the image that it is in."""
        image = f" of the image {self.machine.image}" if self.machine.image else ""
        return f"{self.machine.sources['']}{image}"

    def shell(self, command: str | None) -> ForegroundCommand:
        """Return a shell in the environment of the build's first command, to type in or for one command."""
        words = [*self.prepared.shell, *(["-c", command] if command else [])]
        return self.machine.terminal(words, self.prepared.env, self.prepared.first_commands)


@dataclass(frozen=True)
class EndedBuild:
    """The build of an action that has ended.

    detail: the action's entry of ListActionExecutions. action_folder: the action's folder in its execution.
    """

    endpoint: Endpoint
    key: PipelineKey
    detail: ActionExecutionDetailTypeDef
    action_folder: Path

    @property
    def region(self) -> str:
        return self.detail["input"]["region"]

    @property
    def settings(self) -> Mapping[str, str]:
        """The action's configuration, with the values of its variables where it had any."""
        inputs = self.detail["input"]
        return inputs.get("resolvedConfiguration") or inputs.get("configuration", {})

    def project(self) -> Project:
        """Return the action's project. Raises WrongUse where it was removed."""
        api = self.endpoint.client("codebuild", root(self.key.account), self.region)
        projects = api.batch_get_projects(names=[self.settings["ProjectName"]])["projects"]
        if not projects:
            raise WrongUse(f"there is no CodeBuild project {self.settings['ProjectName']} any more")
        return Project.read(projects[0])

    def assume(self, role: str) -> Credentials:
        """Return a role's credentials. The account's root assumes it, so its trust policy does not matter."""
        sts = self.endpoint.client("sts", root(self.key.account), self.region)
        session = sts.assume_role(RoleArn=role, RoleSessionName="shell")["Credentials"]
        return Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])

    def remaining_sources(self) -> dict[str, Path]:
        """Return the folders that a failed build has left, by name of the input artifact; empty without all of them."""
        folders = {name: self.action_folder / "sources" / name for name in self._artifacts}
        remaining = all(folder.is_dir() for folder in folders.values())
        return {self._source_name(name): folder.resolve() for name, folder in folders.items()} if remaining else {}

    def fetch_sources(self, folder: Path, remotes: Remotes) -> dict[str, Path]:
        """Unpack the input artifacts below a folder; return the folder of each by its name. Raises WrongUse."""
        s3 = self.endpoint.client("s3", root(self.key.account), self.region)
        sources = {self._source_name(name): folder / name for name in self._artifacts}
        for name, location in self._artifacts.items():
            _download(s3, remotes, location, sources[self._source_name(name)])
        return sources

    @property
    def _artifacts(self) -> dict[str, S3LocationTypeDef]:
        return {artifact["name"]: artifact["s3location"] for artifact in self.detail["input"].get("inputArtifacts", [])}

    def _source_name(self, artifact: str) -> str:
        """The name of an input artifact as a source; that of the primary one is empty."""
        primary = self.settings.get("PrimarySource") or next(iter(self._artifacts))
        return "" if artifact == primary else artifact


def recreate_build(ended: EndedBuild, folder: Path, *, caches: Path, remotes: Remotes, image: str) -> RecreatedBuild:
    """Recreate a build.

    folder: a new folder. remotes: the repositories of the sources. image: as for run_build. Raises WrongUse where the
    project or an artifact was removed, or the image cannot be used.
    """
    project = ended.project()
    remaining = ended.remaining_sources()
    folders = BuildFolders(folder, remaining or ended.fetch_sources(folder / "sources", remotes), caches)
    build = _build(ended, project)
    role = RoleSession.of_credentials(ended.endpoint, ended.assume(project.role_arn), ended.region)
    folder.mkdir(parents=True, exist_ok=True)
    log = BuildLog(folder / "preparation.log", lambda _: None)
    try:
        machine = choose_machine(build, folders, image, role, log)
        prepared = prepare(build, folders, role, machine, log)
    except UnsupportedFeature as error:
        raise WrongUse(str(error)) from error
    finally:
        log.close()
    return RecreatedBuild(machine, prepared, is_original=bool(remaining))


def _download(s3: S3Client, remotes: Remotes, location: S3LocationTypeDef, source: Path) -> None:
    source.parent.mkdir(parents=True, exist_ok=True)
    zip_file = source.with_suffix(".zip")
    try:
        download_object(s3, location["bucket"], location["key"], zip_file)
    except ClientError as error:
        where = f"s3://{location['bucket']}/{location['key']}"
        raise WrongUse(f"the artifact {where} is not there any more: {error}") from error
    unpack_or_clone(zip_file, source, remotes)
    zip_file.unlink()


def _build(ended: EndedBuild, project: Project) -> Build:
    settings = ended.settings
    build = project.build(
        None,
        initiator=f"codepipeline/{ended.key.name}",
        buildspec=settings.get("BuildspecOverride", ""),
        overrides=variables(json.loads(settings.get("EnvironmentVariables", "[]"))),
    )
    return replace(build, cached=False, log_stream="")
