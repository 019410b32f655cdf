"""StartBuild: builds outside a pipeline, run in the same way as those of pipelines.

Sources: AWS CodeBuild API reference, "StartBuild", "ProjectSource", "ProjectArtifacts".
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.actions.build_network import failed_build, provisioning_failure
from rehearsal.actions.codebuild_project import Project, variables
from rehearsal.aws import Endpoint
from rehearsal.codebuild.build import run_build
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.build_queue import BuildQueue, QueueFull, Turn, queued_result
from rehearsal.codebuild.build_record import BuildRecord, BuildStore
from rehearsal.codebuild.log_stream import LogStream
from rehearsal.codebuild.model import Build, BuildResult, PhaseResult
from rehearsal.codebuild.source_and_artifacts import deliver, fetch
from rehearsal.codebuild.value_lookup import AwsLookup
from rehearsal.codebuild.work_folder import WorkFolder
from rehearsal.emulator.ministack.port import codebuild
from rehearsal.emulator.ministack.port.requests import (
    Answer,
    error_response_json,
    get_account_id,
    get_region,
    json_response,
)
from rehearsal.engine.action_api import Assume, Require, allow_everything
from rehearsal.engine.endpoint import Credentials
from rehearsal.engine.errors import RequestRejected
from rehearsal.errors import RehearsalError
from rehearsal.workspace.build_image import BuildImageFile
from rehearsal.workspace.layout import Workspace

if TYPE_CHECKING:
    from types_boto3_codebuild.type_defs import StartBuildInputTypeDef

# The supported members of a request; others are rejected, because the build would not be the requested one.
SUPPORTED_MEMBERS = {
    "projectName",
    "sourceVersion",
    "environmentVariablesOverride",
    "buildspecOverride",
    "timeoutInMinutesOverride",
    "idempotencyToken",
}
_FAILURES = (RehearsalError, ClientError, BotoCoreError, BadZipFile)


@dataclass(frozen=True)
class _StartedBuild:
    project: Project
    build: Build
    entry: BuildRecord
    turn: Turn


class StartedBuilds:
    """Implements StartBuild, and runs each build in a thread; MiniStack's StartBuild runs nothing."""

    def __init__(
        self,
        endpoint: Endpoint,
        assume: Assume,
        builds: BuildStore,
        workspace: Workspace,
        queue: BuildQueue,
        *,
        require: Require = allow_everything,
    ) -> None:
        self._require = require
        self._endpoint, self._assume, self._builds, self._space = endpoint, assume, builds, workspace
        self._queue = queue
        self._running: dict[str, tuple[_StartedBuild, threading.Thread]] = {}

    def start_build(
        self, _start_build: Callable[[StartBuildInputTypeDef], Answer]
    ) -> Callable[[StartBuildInputTypeDef], Answer]:
        """Return the replacement of MiniStack's StartBuild."""
        return self.answer

    def answer(self, request: StartBuildInputTypeDef) -> Answer:
        """Start a build; return MiniStack's form of a response: status, headers, body."""
        try:
            started = self._start(request)
        except RequestRejected as error:
            return error_response_json(error.code, str(error), 400)
        thread = threading.Thread(target=self._run, args=(started,), name=started.build.id, daemon=True)
        self._running[started.build.id] = (started, thread)
        answer = json_response({"build": codebuild.build_record(started.build.id)})
        thread.start()
        return answer

    def close(self) -> None:
        """Stop every build, and wait for each at most 20 seconds."""
        running = [*self._running.values()]
        for started, _ in running:
            started.entry.stop.set()
        for _, thread in running:
            thread.join(20)

    def _start(self, request: StartBuildInputTypeDef) -> _StartedBuild:
        account, region = get_account_id(), get_region()
        name = codebuild.project_name(request.get("projectName", ""))
        if not codebuild.has_project(name):
            raise RequestRejected(
                "ResourceNotFoundException", f"Project cannot be found: {request.get('projectName', '')}"
            )
        project = Project.read(codebuild.describe_project(name))
        _check(request, project)
        build = project.build(
            self._space.caches,
            account=account,
            region=region,
            initiator="root",
            buildspec=request.get("buildspecOverride", ""),
            overrides=variables(request.get("environmentVariablesOverride", [])),
            source_version=request.get("sourceVersion", ""),
        )
        build = replace(build, timeout_minutes=request.get("timeoutInMinutesOverride", project.timeout_minutes))
        try:
            turn = self._queue.enter((account, region))
        except QueueFull as error:
            raise RequestRejected("AccountLimitExceededException", str(error)) from error
        entry = BuildRecord(self._builds, build, project.about, project.log_group)
        return _StartedBuild(project, build, entry, turn)

    def _run(self, started: _StartedBuild) -> None:
        project, build = started.project, started.build
        work = WorkFolder.unlinked(self._space.builds, build.id)
        result = None
        try:
            ended = started.turn.await_start(started.entry.stop, project.queued_minutes * 60)
            if ended != "started":
                result = queued_result(ended, started.entry)
                return
            failed = provisioning_failure(project, build, self._require)
            started.entry.start(failed)
            if failed:
                result = failed_build(failed)
                return
            credentials = self._assume(project.role_arn, "codebuild.amazonaws.com", "AWSCodeBuild")
            result = self._execute(started, credentials, work)
        except _FAILURES as error:
            result = _failed(started, "DOWNLOAD_SOURCE", error)
        finally:
            started.turn.leave()
            started.entry.end(result)
            self._running.pop(build.id, None)
            shutil.rmtree(work.folder, ignore_errors=True)

    def _execute(self, started: _StartedBuild, credentials: Credentials, work: WorkFolder) -> BuildResult:
        project, build = started.project, started.build

        client = partial(self._endpoint.client, credentials=credentials, region=build.region)
        source = work.source("")
        fetch(project.about["source"], build.source_version, client("s3"), self._space.remote, source)
        stream = LogStream(client("logs"), project.log_group, build.log_stream) if project.log_group else None
        log = BuildLog(work.folder / "build.log", lambda _: None, stream=stream, on_phase=started.entry.phase)
        try:
            result = run_build(
                build,
                work.folders({"": source}, self._space.caches),
                credentials=self._endpoint.build_environ(credentials, build.region),
                log=log,
                stop=started.entry.stop,
                lookup=AwsLookup(client),
                image=BuildImageFile(self._space).read(),
            )
        finally:
            log.close()
        if result.status != "SUCCEEDED":
            return result
        try:
            deliver(project.artifacts, build, result.artifacts, client("s3"))
        except _FAILURES as error:
            return _failed(started, "UPLOAD_ARTIFACTS", error)
        return result


def _failed(started: _StartedBuild, phase: str, error: Exception) -> BuildResult:
    failed = PhaseResult(phase, "FAILED", 0.0, "CLIENT_ERROR", str(error))
    started.entry.phase(failed)
    return BuildResult("FAILED", f"{phase}: {error}", (failed,))


def _check(request: StartBuildInputTypeDef, project: Project) -> None:
    """Raise RequestRejected for unsupported members, and for a project of a pipeline."""
    unknown = sorted(request.keys() - SUPPORTED_MEMBERS)
    if unknown:
        known = ", ".join(sorted(SUPPORTED_MEMBERS))
        raise RequestRejected("InvalidInputException", f"{', '.join(unknown)}: not rehearsed; there are {known}")
    if project.about["source"].get("type") == "CODEPIPELINE":
        why = "its source is CODEPIPELINE: start the pipeline"
        raise RequestRejected("InvalidInputException", f"{project.name} cannot be started by StartBuild: {why}")
