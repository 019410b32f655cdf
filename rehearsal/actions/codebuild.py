"""Build/CodeBuild and Test/CodeBuild: run the project's buildspec, with the project's role and nothing else.

Source: AWS CodePipeline user guide, "AWS CodeBuild build and test action reference".
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from rehearsal.actions.artifacts import download, upload
from rehearsal.aws import Credentials, root
from rehearsal.codebuild.archives import unzip
from rehearsal.codebuild.build import Build, BuildResult, EnvironmentVariable, run_build
from rehearsal.engine.task import ActionError, Outcome, Task


class RunBuild:
    """caches: a folder that outlives builds, for what they download."""

    def __init__(self, caches: Path) -> None:
        self._caches = caches

    def run(self, task: Task) -> Outcome:
        project = _project(task)
        credentials = task.assume(project["serviceRole"], "codebuild.amazonaws.com", "AWSCodeBuild")
        build = _build(task, project)
        result = run_build(
            build,
            folder=task.folder / "build",
            sources=_sources(task, credentials),
            credentials=task.endpoint.environ(credentials, task.region),
            caches=self._caches,
            log=task.log,
            on_line=task.note,
            stop=task.stop,
            lookup=_Lookup(task, credentials),
        )
        return _outcome(task, build, result, credentials)


def _project(task: Task) -> dict[str, Any]:
    name = task.setting("ProjectName")
    api = task.endpoint.client("codebuild", root(task.pipeline.account), task.region)
    found = api.batch_get_projects(names=[name])["projects"]
    if not found:
        raise ActionError(
            f"{task.where}: there is no CodeBuild project {name} in {task.pipeline.account}/{task.region}"
        )
    return dict(found[0])


def _build(task: Task, project: dict[str, Any]) -> Build:
    """The project as deployed, with the action's own variables, which win over the project's."""
    number = uuid.uuid4()
    environment = project["environment"]
    overrides = json.loads(task.action.configuration.get("EnvironmentVariables", "[]"))
    variables = {each["name"]: each for each in [*environment.get("environmentVariables", []), *overrides]}
    return Build(
        id=f"{project['name']}:{number}",
        arn=f"arn:aws:codebuild:{task.region}:{task.pipeline.account}:build/{project['name']}:{number}",
        project=project["name"],
        account=task.pipeline.account,
        region=task.region,
        buildspec=project["source"].get("buildspec") or "buildspec.yml",
        variables=tuple(
            EnvironmentVariable(each["name"], each["value"], each.get("type", "PLAINTEXT"))
            for each in variables.values()
        ),
        image=environment.get("image", ""),
        timeout_minutes=project.get("timeoutInMinutes", 60),
        initiator=f"codepipeline/{task.pipeline.name}",
        source_version=task.revisions[0].id if task.revisions else "",
    )


def _sources(task: Task, credentials: Credentials) -> dict[str, Path]:
    """Every input artifact, unpacked; the primary one under the empty name."""
    primary = task.action.configuration.get("PrimarySource") or task.action.inputs[0]
    sources = {}
    for name in task.action.inputs:
        zip_file = task.folder / f"{name}.zip"
        download(task, name, credentials, zip_file)
        folder = task.folder / "sources" / name
        unzip(zip_file, folder)
        zip_file.unlink()
        sources["" if name == primary else name] = folder
    return sources


def _outcome(task: Task, build: Build, result: BuildResult, credentials: Credentials) -> Outcome:
    if result.status != "SUCCEEDED":
        return Outcome(failed=True, summary=f"build {result.status}: {result.message}")
    outputs = {}
    for number, name in enumerate(task.action.outputs):
        zip_file = result.artifacts.get(name) or (result.artifacts.get("") if number == 0 else None)
        if zip_file is None:
            raise ActionError(f"{task.where}: the buildspec made no artifact {name}")
        outputs[name] = upload(task, name, credentials, zip_file)
    build_number = build.id.partition(":")[2]
    return Outcome(
        failed=False, summary=f"build {build_number[:8]} succeeded", variables=dict(result.exported), outputs=outputs
    )


class _Lookup:
    """Parameters and secrets, read with the build's own role."""

    def __init__(self, task: Task, credentials: Credentials) -> None:
        self._task, self._credentials = task, credentials

    def parameter(self, name: str) -> str:
        api = self._task.endpoint.client("ssm", self._credentials, self._task.region)
        return str(api.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])

    def secret(self, reference: str) -> str:
        api = self._task.endpoint.client("secretsmanager", self._credentials, self._task.region)
        return str(api.get_secret_value(SecretId=reference)["SecretString"])
