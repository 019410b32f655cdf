"""The deployed CodeBuild project of an action, and the build that the action starts.

Sources: AWS CodePipeline user guide, "AWS CodeBuild build and test action reference"; CodeBuild API, "Project".
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rehearsal.aws import root
from rehearsal.codebuild.build_numbers import next_number
from rehearsal.codebuild.build_record import ProjectParts
from rehearsal.codebuild.model import Build, EnvironmentVariable, store
from rehearsal.engine.action_api import ActionError, Task

if TYPE_CHECKING:
    from types_boto3_codebuild import CodeBuildClient
    from types_boto3_codebuild.type_defs import (
        ProjectArtifactsTypeDef,
        ProjectBuildBatchConfigOutputTypeDef,
        ProjectTypeDef,
    )

SERVICE = "codebuild.amazonaws.com"
NO_ARTIFACTS: ProjectArtifactsTypeDef = {"type": "NO_ARTIFACTS"}
NO_BATCHES: ProjectBuildBatchConfigOutputTypeDef = {}


@dataclass(frozen=True)
class Project:
    """The settings of a project that its builds use.

    log_group: empty where CloudWatch logs are off. about: the settings that the API's record of a build repeats.
    artifacts: the ProjectArtifacts, for builds outside a pipeline. batch_config: the BuildBatchConfig; empty where the
    project has no batches.
    """

    name: str
    account: str
    region: str
    role_arn: str
    buildspec: str
    image: str
    variables: tuple[EnvironmentVariable, ...]
    timeout_minutes: int
    queued_minutes: int
    key_arn: str
    log_group: str
    log_prefix: str
    cached: bool
    about: ProjectParts
    artifacts: ProjectArtifactsTypeDef
    batch_config: ProjectBuildBatchConfigOutputTypeDef = field(default_factory=lambda: NO_BATCHES)

    @property
    def batch_role(self) -> str:
        """The role that starts the builds of a batch; empty where the project has no batches."""
        return self.batch_config.get("serviceRole", "")

    @property
    def compute_type(self) -> str:
        return self.about.get("environment", {}).get("computeType", "")

    @property
    def arn(self) -> str:
        return f"arn:aws:codebuild:{self.region}:{self.account}:project/{self.name}"

    @classmethod
    def of_action(cls, task: Task) -> Self:
        """Return the project that the action names. Raises ActionError where there is none."""
        name = task.setting("ProjectName")
        api: CodeBuildClient = task.endpoint.client("codebuild", root(task.pipeline.account), task.region)
        projects = api.batch_get_projects(names=[name])["projects"]
        if not projects:
            raise ActionError(
                f"{task.where}: there is no CodeBuild project {name} in {task.pipeline.account}/{task.region}"
            )
        return cls.read(projects[0])

    @classmethod
    def read(cls, project: ProjectTypeDef) -> Self:
        """Return the project from the shape of BatchGetProjects."""
        environment, name = project["environment"], project["name"]
        _, _, _, region, account, _ = project["arn"].split(":")
        logs = project.get("logsConfig", {}).get("cloudWatchLogs", {})
        return cls(
            name=name,
            account=account,
            region=region,
            role_arn=project["serviceRole"],
            batch_config=project.get("buildBatchConfig", NO_BATCHES),
            buildspec=project["source"].get("buildspec", ""),
            image=environment.get("image", ""),
            variables=tuple(variables(environment.get("environmentVariables", []))),
            timeout_minutes=project.get("timeoutInMinutes", 60),
            queued_minutes=int(project.get("queuedTimeoutInMinutes", 480)),
            key_arn=project.get("encryptionKey", ""),
            log_group="" if logs.get("status") == "DISABLED" else logs.get("groupName") or f"/aws/codebuild/{name}",
            log_prefix=logs.get("streamName", ""),
            cached=project.get("cache", {}).get("type", "NO_CACHE") != "NO_CACHE",
            about=_parts(project),
            artifacts=project.get("artifacts") or NO_ARTIFACTS,
        )

    def build(
        self,
        caches: Path | None,
        *,
        initiator: str,
        buildspec: str = "",
        overrides: Iterable[EnvironmentVariable] = (),
        source_version: str = "",
    ) -> Build:
        """Return the project's next build.

        caches: the folder with the project's build number; None for a template, which has no number. buildspec:
        replaces the project's, unless empty. overrides: variables of the caller. source_version: what the caller
        requests.
        """
        number = uuid.uuid4()
        prefix = f"{self.log_prefix}/" if self.log_prefix else ""
        return Build(
            id=f"{self.name}:{number}",
            arn=f"arn:aws:codebuild:{self.region}:{self.account}:build/{self.name}:{number}",
            number=next_number(self._folder(caches)) if caches else 0,
            project=self.name,
            account=self.account,
            region=self.region,
            buildspec=buildspec or self.buildspec,
            variables=self.variables,
            overrides=tuple(overrides),
            image=self.image,
            timeout_minutes=self.timeout_minutes,
            initiator=initiator,
            source_version=source_version,
            resolved_version="",
            log_stream=f"{prefix}{number}",
            key_arn=self.key_arn,
            cached=self.cached,
            privileged=self.about.get("environment", {}).get("privilegedMode", False),
            vpc=self.about.get("vpcConfig", {}).get("vpcId", ""),
            cache_links=self.about.get("cache", {}).get("type") == "LOCAL",
        )

    def next_batch_number(self, caches: Path) -> int:
        """Return the number of the project's next batch, which builds do not count in."""
        return next_number(self._folder(caches), "batch-number")

    def _folder(self, caches: Path) -> Path:
        return store(caches, self.account, self.region, self.name)


def _parts(project: ProjectTypeDef) -> ProjectParts:
    parts: ProjectParts = {
        "source": project["source"],
        "environment": project["environment"],
        "serviceRole": project["serviceRole"],
    }
    if "cache" in project:
        parts["cache"] = project["cache"]
    if "vpcConfig" in project:
        parts["vpcConfig"] = project["vpcConfig"]
    return parts


def build_of_action(task: Task, project: Project, caches: Path | None) -> Build:
    """Return the build that the action's configuration describes. Raises ActionError."""
    settings = task.action.configuration
    primary = task.artifacts.get(task.action.primary)
    build = project.build(
        caches,
        initiator=f"codepipeline/{task.pipeline.name}",
        buildspec=settings.get("BuildspecOverride", ""),
        overrides=_overrides(task),
        source_version=f"arn:aws:s3:::{primary.store.bucket}/{primary.key}" if primary else "",
    )
    return replace(build, resolved_version=primary.revision) if primary else build


def _overrides(task: Task) -> tuple[EnvironmentVariable, ...]:
    text = task.action.configuration.get("EnvironmentVariables", "[]")
    try:
        return tuple(variables(json.loads(text)))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ActionError(
            f"{task.where}: EnvironmentVariables: got {_around(text, error)}; a JSON list of objects with `name`,"
            " `value` and perhaps `type` is allowed. CodePipeline puts the values of variables into it as they are: a"
            " commit message with quotes or line breaks makes it invalid JSON"
        ) from None


def _around(text: str, error: Exception) -> str:
    """The part of a text around a JSON error, and where it is."""
    start = max(0, error.pos - 40) if isinstance(error, json.JSONDecodeError) else 0
    part = text[start : start + 80]
    return f"{part!r}" if part == text else f"{part!r} (characters {start + 1} to {start + len(part)} of {len(text)})"


def variables(declared: Iterable[Mapping[str, object]]) -> Iterable[EnvironmentVariable]:
    """Return variables from the API's shape: name, value, type."""
    for variable in declared:
        yield EnvironmentVariable(str(variable["name"]), str(variable["value"]), str(variable.get("type", "PLAINTEXT")))
