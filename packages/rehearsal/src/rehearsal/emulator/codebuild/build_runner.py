"""Runs builds outside pipelines: the queue, the network, the source and the artifacts around the build's phases.

Sources: AWS CodeBuild API reference, "StartBuild", "ProjectSource", "ProjectArtifacts".
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.actions.build_network import failed_build, provisioning_failure
from rehearsal.actions.codebuild_project import SERVICE, Project
from rehearsal.aws import Endpoint
from rehearsal.codebuild.build import run_build
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.build_queue import BuildQueue, QueueFull, Turn, queued_result
from rehearsal.codebuild.build_record import BuildRecord, BuildStore
from rehearsal.codebuild.log_stream import LogStream
from rehearsal.codebuild.model import Build, BuildResult, PhaseResult
from rehearsal.codebuild.role_session import RoleSession
from rehearsal.codebuild.source_and_artifacts import deliver, fetch
from rehearsal.codebuild.work_folder import WorkFolder
from rehearsal.engine.action_api import Assume, Require
from rehearsal.engine.endpoint import Credentials
from rehearsal.engine.errors import RequestRejected
from rehearsal.errors import RehearsalError
from rehearsal.workspace.build_image import BuildImageFile
from rehearsal.workspace.layout import Workspace

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

FAILURES = (RehearsalError, ClientError, BotoCoreError, BadZipFile)
# Called with a build that succeeded, before its files are removed.
Deliver = Callable[["StartedBuild", BuildResult, "S3Client"], None]


@dataclass(frozen=True)
class StartedBuild:
    """A build in the queue."""

    project: Project
    build: Build
    entry: BuildRecord
    turn: Turn


def deliver_to_project(started: StartedBuild, result: BuildResult, s3: S3Client) -> None:
    """Upload the artifact to the place that the project names."""
    deliver(started.project.artifacts, started.build, result.artifacts, s3)


@dataclass(frozen=True)
class BuildRunner:
    """Runs builds. require: checks the permissions of roles."""

    endpoint: Endpoint
    assume: Assume
    require: Require
    builds: BuildStore
    workspace: Workspace
    queue: BuildQueue

    def enter(self, project: Project, build: Build) -> StartedBuild:
        """Put a build into the queue. Raises RequestRejected where the queue is full."""
        try:
            turn = self.queue.enter((build.account, build.region))
        except QueueFull as error:
            raise RequestRejected("AccountLimitExceededException", str(error)) from error
        return StartedBuild(project, build, BuildRecord(self.builds, build, project.about, project.log_group), turn)

    def run(self, started: StartedBuild, send: Deliver = deliver_to_project) -> BuildResult:
        """Run a build from the queue to its end. send: delivers its artifacts."""
        work = WorkFolder.unlinked(self.workspace.builds, started.build.id)
        result = None
        try:
            result = self._run(started, work, send)
        except FAILURES as error:
            result = _failed(started, "DOWNLOAD_SOURCE", error)
        finally:
            started.turn.leave()
            started.entry.end(result)
            shutil.rmtree(work.folder, ignore_errors=True)
        return result

    def fetch_source(self, project: Project, build: Build, credentials: Credentials, source: Path) -> None:
        """Write the source of a build into a new folder. Raises one of FAILURES."""
        s3 = self.endpoint.client("s3", credentials, build.region)
        fetch(project.about["source"], build.source_version, s3, self.workspace.remote, source)

    def _run(self, started: StartedBuild, work: WorkFolder, send: Deliver) -> BuildResult:
        project, build = started.project, started.build
        ended = started.turn.await_start(started.entry.stop, project.queued_minutes * 60)
        if ended != "started":
            return queued_result(ended, started.entry)
        failed = provisioning_failure(project, build, self.require)
        started.entry.start(failed)
        if failed:
            return failed_build(failed)
        credentials = self.assume(project.role_arn, SERVICE, "AWSCodeBuild")
        result = self._execute(started, credentials, work)
        if result.status == "SUCCEEDED":
            try:
                send(started, result, self.endpoint.client("s3", credentials, build.region))
            except FAILURES as error:
                return _failed(started, "UPLOAD_ARTIFACTS", error)
        return result

    def _execute(self, started: StartedBuild, credentials: Credentials, work: WorkFolder) -> BuildResult:
        project, build = started.project, started.build
        source = work.source("")
        self.fetch_source(project, build, credentials, source)
        role = RoleSession.of_credentials(self.endpoint, credentials, build.region)
        stream = None
        if project.log_group:
            client = self.endpoint.client("logs", credentials, build.region)
            stream = LogStream(client, project.log_group, build.log_stream)
        log = BuildLog(work.folder / "build.log", lambda _: None, stream=stream, on_phase=started.entry.phase)
        try:
            return run_build(
                build,
                work.folders({"": source}, self.workspace.caches),
                role,
                log=log,
                stop=started.entry.stop,
                image=BuildImageFile(self.workspace).read(),
            )
        finally:
            log.close()


def _failed(started: StartedBuild, phase: str, error: Exception) -> BuildResult:
    failed = PhaseResult(phase, "FAILED", 0.0, "CLIENT_ERROR", str(error))
    started.entry.phase(failed)
    return BuildResult("FAILED", f"{phase}: {error}", (failed,))
