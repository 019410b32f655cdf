"""The builds of one action: their turn in CodeBuild's queue, their sources, record and log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from rehearsal.actions.build_network import failed_build, provisioning_failure
from rehearsal.actions.build_sources import unpack_sources
from rehearsal.actions.codebuild_project import Project, build_of_action
from rehearsal.codebuild.build import run_build
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.build_queue import BuildQueue, QueueFull, Turn, queued_result
from rehearsal.codebuild.build_record import BuildRecord, BuildStore
from rehearsal.codebuild.buildspec import UnsupportedFeature
from rehearsal.codebuild.log_stream import LogStream
from rehearsal.codebuild.model import Build, BuildFolders, BuildResult
from rehearsal.codebuild.role_session import RoleSession
from rehearsal.codebuild.work_folder import WorkFolder
from rehearsal.engine.action_api import ActionError, Task
from rehearsal.engine.endpoint import Credentials
from rehearsal.host.container_engine import ContainerFailed
from rehearsal.project.git_repository import SNAPSHOT_MESSAGE
from rehearsal.project.remotes import Remotes

_COMMIT_MESSAGE = (
    "EnvironmentVariables holds the commit's message: one with quotes or line breaks fails the action, and this run's"
    " commit of the working tree has none"
)


@dataclass(frozen=True)
class BuildServices:
    """The folders, stores and queue that the builds of all actions share.

    caches: the folder for caches of builds. builds: the store of build records. remotes: the bare repositories behind
    the git sources. work: the folder, outside the project, for work folders. queue: the queue of all builds of the
    embedded AWS. image: returns the image to run in, as for run_build.
    """

    caches: Path
    builds: BuildStore
    remotes: Remotes
    work: Path
    queue: BuildQueue
    image: Callable[[], str]


@dataclass(frozen=True)
class ActionBuilds:
    """Runs builds of a project for an action. credentials: those of the project's role."""

    services: BuildServices
    task: Task
    project: Project
    credentials: Credentials

    def of_task(self, task: Task) -> Self:
        """Return the builds of a task that is a part of this one."""
        return replace(self, task=task)

    def new_build(self) -> Build:
        """Return the project's next build for this action. Raises ActionError."""
        return build_of_action(self.task, self.project, self.services.caches)

    def sources(self, work: WorkFolder) -> dict[str, Path]:
        """Unpack the input artifacts, as `unpack_sources` does."""
        return unpack_sources(self.task, self.project, self.credentials, work, self.services.remotes)

    def run(self, build: Build) -> BuildResult:
        """Run a build as soon as it has its turn. Raises ActionError where it cannot run."""
        turn, project = self._enter_queue(build), self.project
        record, result = BuildRecord(self.services.builds, build, project.about, project.log_group), None
        try:
            with self.task.stop.calls(record.stop.set):
                ended = turn.await_start(record.stop, project.queued_minutes * 60)
                result = self._start(build, record) if ended == "started" else queued_result(ended, record)
        finally:
            turn.leave()
            record.end(result)
        return result

    def _enter_queue(self, build: Build) -> Turn:
        try:
            turn = self.services.queue.enter((build.account, build.region))
        except QueueFull as error:
            why = "(Service: AWSCodeBuild; Status Code: 400; Error Code: AccountLimitExceededException)"
            raise ActionError(f"{self.task.where}: Error calling startBuild: {error} {why}", "JobFailed") from error
        if turn.waits:
            self.task.note("waits in CodeBuild's queue: the quota of concurrent builds is reached")
        return turn

    def _start(self, build: Build, record: BuildRecord) -> BuildResult:
        failed_phase = provisioning_failure(self.project, build, self.task.check_permission)
        record.start(failed_phase)
        if failed_phase:
            return failed_build(failed_phase)
        work = WorkFolder.linked(self.services.work, build.id, self.task.folder)
        return self._run_in(work.folders(self.sources(work), self.services.caches), build, record)

    def _run_in(self, folders: BuildFolders, build: Build, record: BuildRecord) -> BuildResult:
        task = self.task
        role = RoleSession.of_credentials(task.endpoint, self.credentials, task.region)
        log = BuildLog(task.log, task.note, stream=self._log_stream(build), on_phase=record.phase)
        if SNAPSHOT_MESSAGE in task.action.configuration.get("EnvironmentVariables", ""):
            log.note(_COMMIT_MESSAGE)
        try:
            return run_build(build, folders, role, log=log, stop=record.stop, image=self.services.image())
        except (UnsupportedFeature, ContainerFailed) as error:
            raise ActionError(f"{task.where}: {error}") from error
        finally:
            log.close()

    def _log_stream(self, build: Build) -> LogStream | None:
        if not self.project.log_group:
            return None
        client = self.task.endpoint.client("logs", self.credentials, build.region)
        return LogStream(client, self.project.log_group, build.log_stream)
