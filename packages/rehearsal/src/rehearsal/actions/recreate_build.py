"""A build's sources and environment, recreated after its end, for `rehearse shell`.

The inputs are from the CodePipeline and CodeBuild APIs. The folder of a failed build is used as the build left it.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from rehearsal.actions.clone_ref import unpack_or_clone
from rehearsal.actions.codebuild_project import Project
from rehearsal.aws import Endpoint, download_object, root
from rehearsal.codebuild.build_image import choose_machine
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.buildspec import UnsupportedFeature
from rehearsal.codebuild.machine import Machine
from rehearsal.codebuild.model import Build, BuildFolders, EnvironmentVariable
from rehearsal.codebuild.prepare import Prepared, prepare
from rehearsal.codebuild.value_lookup import AwsLookup
from rehearsal.engine.endpoint import Credentials
from rehearsal.engine.model.definition import PipelineKey
from rehearsal.errors import WrongUse
from rehearsal.host.processes import ForegroundCommand
from rehearsal.project.remotes import Remotes

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        ActionExecutionDetailTypeDef,
        ActionExecutionInputTypeDef,
        S3LocationTypeDef,
    )
    from types_boto3_s3 import S3Client


@dataclass(frozen=True)
class RecreatedBuild:
    """Runs shells where the build ran. left: its folder is that of the failed build."""

    machine: Machine
    prepared: Prepared
    left: bool

    @property
    def place(self) -> str:
        """The folder of the shell, and the image that it is in."""
        image = f" of the image {self.machine.image}" if self.machine.image else ""
        return f"{self.machine.sources['']}{image}"

    def shell(self, command: str | None) -> ForegroundCommand:
        """Return a shell in the environment of the build's first command, to type in or for one command."""
        words = [*self.prepared.shell, *(["-c", command] if command else [])]
        return self.machine.terminal(words, self.prepared.env, self.prepared.selecting)


def recreate_build(
    endpoint: Endpoint,
    key: PipelineKey,
    *,
    detail: ActionExecutionDetailTypeDef,
    worked: Path,
    folder: Path,
    caches: Path,
    remotes: Remotes,
    image: str,
) -> RecreatedBuild:
    """Recreate a build. The account's root assumes its role, so the role's trust policy does not matter.

    detail: the action's entry of ListActionExecutions. worked: the action's folder in its execution. folder: a new
    folder. remotes: the repositories of the sources. image: as for run_build. Raises WrongUse where the project or an
    artifact was removed, or the image cannot be used.
    """
    inputs = detail["input"]
    region, settings = inputs["region"], inputs.get("resolvedConfiguration") or inputs.get("configuration", {})
    api = endpoint.client("codebuild", root(key.account), region)
    projects = api.batch_get_projects(names=[settings["ProjectName"]])["projects"]
    if not projects:
        raise WrongUse(f"there is no CodeBuild project {settings['ProjectName']} any more")
    project = Project.read(projects[0])
    fetch = functools.partial(_download, endpoint.client("s3", root(key.account), region), remotes)
    sources, left = _sources(inputs, settings, worked / "sources", folder, fetch)
    session = endpoint.client("sts", root(key.account), region).assume_role(
        RoleArn=project.role_arn, RoleSessionName="shell"
    )["Credentials"]
    credentials = Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    build = _build(key, region, project, settings)
    folder.mkdir(parents=True, exist_ok=True)
    log = BuildLog(folder / "preparation.log", lambda _: None)
    lookup = AwsLookup(functools.partial(endpoint.client, credentials=credentials, region=region))
    place = BuildFolders(folder, sources, caches)
    try:
        variables = endpoint.build_environ(credentials, region)
        machine = choose_machine(build, place, image, variables, log)
        prepared = prepare(build, place, variables, log, lookup=lookup, machine=machine)
    except UnsupportedFeature as error:
        raise WrongUse(str(error)) from error
    finally:
        log.close()
    return RecreatedBuild(machine, prepared, left)


def _sources(
    given: ActionExecutionInputTypeDef,
    settings: Mapping[str, str],
    worked: Path,
    folder: Path,
    fetch: Callable[[S3LocationTypeDef, Path], None],
) -> tuple[dict[str, Path], bool]:
    """The folder of every input artifact by name (the primary one is empty), and whether a failed build left them."""
    inputs = {artifact["name"]: artifact["s3location"] for artifact in given.get("inputArtifacts", [])}
    primary = settings.get("PrimarySource") or next(iter(inputs))
    left = all((worked / name).is_dir() for name in inputs)
    sources = {}
    for name, place in inputs.items():
        source = (worked / name).resolve() if left else folder / "sources" / name
        if not left:
            fetch(place, source)
        sources["" if name == primary else name] = source
    return sources, left


def _download(s3: S3Client, remotes: Remotes, place: S3LocationTypeDef, source: Path) -> None:
    source.parent.mkdir(parents=True, exist_ok=True)
    zip_file = source.with_suffix(".zip")
    try:
        download_object(s3, place["bucket"], place["key"], zip_file)
    except ClientError as error:
        raise WrongUse(f"the artifact s3://{place['bucket']}/{place['key']} is not there any more: {error}") from error
    unpack_or_clone(zip_file, source, remotes)
    zip_file.unlink()


def _build(key: PipelineKey, region: str, project: Project, settings: Mapping[str, str]) -> Build:
    id_ = f"{project.name}:{uuid.uuid4()}"
    overrides = json.loads(settings.get("EnvironmentVariables", "[]"))
    return Build(
        id=id_,
        arn=f"arn:aws:codebuild:{region}:{key.account}:build/{id_}",
        number=0,
        project=project.name,
        account=key.account,
        region=region,
        buildspec=settings.get("BuildspecOverride") or project.buildspec,
        variables=project.variables,
        overrides=tuple(
            EnvironmentVariable(override["name"], str(override["value"]), override.get("type", "PLAINTEXT"))
            for override in overrides
        ),
        image=project.image,
        timeout_minutes=project.timeout_minutes,
        initiator=f"codepipeline/{key.name}",
        source_version="",
        resolved_version="",
        log_stream="",
        key_arn=project.key_arn,
        cached=False,
    )
