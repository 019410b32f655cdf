"""Build/CodeBuild and Test/CodeBuild: run the project's buildspec with the project's role.

Source: AWS CodePipeline user guide, "AWS CodeBuild build and test action reference".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from rehearsal.actions import batch_artifacts
from rehearsal.actions.artifacts import upload
from rehearsal.actions.batch_run import BatchResult, build_of_task, run_batch
from rehearsal.actions.build_network import failed_build, provisioning_failure
from rehearsal.actions.build_sources import unpack_sources
from rehearsal.actions.codebuild_project import SERVICE, Project, build_of_action, next_batch_number
from rehearsal.codebuild import batch_spec
from rehearsal.codebuild.batch_record import BatchRecord, new_batch
from rehearsal.codebuild.batch_spec import Batch, BatchTask
from rehearsal.codebuild.build import run_build
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.build_queue import BuildQueue, QueueFull, Turn, queued_result
from rehearsal.codebuild.build_record import BuildRecord, BuildStore
from rehearsal.codebuild.buildspec import InvalidBuildspec, UnsupportedFeature
from rehearsal.codebuild.log_stream import LogStream
from rehearsal.codebuild.model import Build, BuildFolders, BuildResult
from rehearsal.codebuild.value_lookup import AwsLookup
from rehearsal.codebuild.work_folder import WorkFolder
from rehearsal.engine.action_api import ActionError, Artifact, Outcome, Task, identify_nothing
from rehearsal.engine.endpoint import Credentials
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.container_engine import ContainerFailed
from rehearsal.project.git_repository import SNAPSHOT_MESSAGE
from rehearsal.project.remotes import Remotes

_COMMIT_MESSAGE = (
    "EnvironmentVariables holds the commit's message: one with quotes or line breaks fails the action, and this run's"
    " commit of the working tree has none"
)


class RunBuild:
    """Runs the build of an action.

    caches: the folder for caches of builds. builds: the store of build records. remotes: the repositories that a build
    clones where its input is a reference to a commit. work: the folder, outside the project, for work folders. queue:
    the queue of all builds of the embedded AWS. image: returns the image to run in, as for run_build.
    """

    def __init__(
        self,
        caches: Path,
        builds: BuildStore,
        remotes: Remotes,
        work: Path,
        *,
        queue: BuildQueue | None = None,
        image: Callable[[], str] = str,
    ) -> None:
        self._caches, self._builds, self._remotes, self._work = caches, builds, remotes, work
        self._image = image
        self._queue = queue or BuildQueue()

    def run(self, task: Task) -> Outcome:
        project, is_batch = Project.of_action(task), batch_artifacts.is_batch(task)
        for action in ("StartBuildBatch", "BatchGetBuildBatches") if is_batch else ("StartBuild", "BatchGetBuilds"):
            task.require(f"codebuild:{action}", resource=project.arn(task))
        credentials = task.assume(project.role_arn, SERVICE, "AWSCodeBuild")
        return (self._perform_batch if is_batch else self.perform)(task, project, credentials)

    def perform(self, task: Task, project: Project, credentials: Credentials) -> Outcome:
        """Run a build of the project. credentials: those of the project's role."""
        build = build_of_action(task, project, self._caches)
        task.identify(build.id)
        result = self._perform_build(task, project, credentials, build)
        summary = "; ".join([_ending(build, result), *(report.summary() for report in result.reports)])
        if result.status != "SUCCEEDED":
            return Outcome(failed=True, summary=summary, external_id=build.id)
        outputs = _outputs(task, result, credentials)
        exported = dict(result.exported)
        return Outcome(failed=False, summary=summary, variables=exported, outputs=outputs, external_id=build.id)

    def _perform_batch(self, task: Task, project: Project, credentials: Credentials) -> Outcome:
        """Run the builds of the buildspec's batch; its outcome has no variables.

        The role of the project's BuildBatchConfig starts them. Raises ActionError where the project has none.
        """
        if not project.batch_role:
            raise ActionError(f"{task.where}: the project {project.name} has no BuildBatchConfig with a service role")
        task.assume(project.batch_role, SERVICE, "AWSCodeBuild")
        task.asked(project.batch_role, "codebuild:StartBuild", resource=project.arn(task))
        build = build_of_action(task, project, None)
        number = next_batch_number(self._caches, build.account, build.region, build.project)
        record = BatchRecord(self._builds, new_batch(build, project.about, project.batch_config, number))
        task.identify(record.id)
        try:
            with task.stop.calls(record.stop.set):
                batch = self._read_batch(task, project, build, credentials)
                result = self._run_batch(task, project, batch, record, credentials)
            outputs = {} if result.failed else batch_artifacts.upload_artifacts(task, result.results, credentials)
        except Exception as error:
            record.end("FAILED", str(error))
            raise
        record.end(result.status)
        if result.failed:
            return Outcome(failed=True, summary=f"batch failed: {', '.join(result.failed)}", external_id=record.id)
        summary = f"batch of {len(batch.tasks)} builds succeeded"
        return Outcome(failed=False, summary=summary, outputs=outputs, external_id=record.id)

    def _run_batch(
        self, task: Task, project: Project, batch: Batch, record: BatchRecord, credentials: Credentials
    ) -> BatchResult:
        logs = {member.identifier: task.folder / f"{member.identifier}.log" for member in batch.tasks}

        def run(member: BatchTask, stop: Cancellation) -> BuildResult:
            folder = task.folder / f"batch-{member.identifier}"
            folder.mkdir()
            part = replace(task, folder=folder, log=logs[member.identifier], stop=stop, identify=identify_nothing)
            build = build_of_task(build_of_action(task, project, self._caches), member)
            record.build_started(member, build)
            result = self._perform_build(part, project, credentials, build)
            record.build_ended(member, result)
            return result

        record.plan(batch)
        result = run_batch(batch, project, record, run)
        batch_artifacts.append_logs(task.log, logs)
        return result

    def _read_batch(self, task: Task, project: Project, build: Build, credentials: Credentials) -> Batch:
        """Read the batch of the buildspec. Raises ActionError where it is not valid or not allowed."""
        folder = task.folder / "batch"
        folder.mkdir()
        part = replace(task, folder=folder)
        work = WorkFolder.linked(self._work, f"batch-{uuid.uuid4().hex}", folder)
        try:
            batch = batch_spec.load(build.buildspec, self._sources(part, project, work, credentials)[""])
            batch_spec.check_restrictions(batch, project.batch_config.get("restrictions", {}), project.compute_type)
        except (InvalidBuildspec, UnsupportedFeature) as error:
            raise ActionError(f"{task.where}: {error}") from error
        return batch

    def _perform_build(self, task: Task, project: Project, credentials: Credentials, build: Build) -> BuildResult:
        turn = self._enter_queue(task, build)
        entry, result = BuildRecord(self._builds, build, project.about, project.log_group), None
        try:
            with task.stop.calls(entry.stop.set):
                ended = turn.await_start(entry.stop, project.queued_minutes * 60)
                if ended == "started":
                    failed = provisioning_failure(project, build, task.asked)
                    entry.start(failed)
                    result = failed_build(failed) if failed else self._run(task, project, build, credentials, entry)
                else:
                    result = queued_result(ended, entry)
        finally:
            turn.leave()
            entry.end(result)
        return result

    def _enter_queue(self, task: Task, build: Build) -> Turn:
        try:
            turn = self._queue.enter((build.account, build.region))
        except QueueFull as error:
            why = "(Service: AWSCodeBuild; Status Code: 400; Error Code: AccountLimitExceededException)"
            raise ActionError(f"{task.where}: Error calling startBuild: {error} {why}", "JobFailed") from error
        if turn.waits:
            task.note("waits in CodeBuild's queue: the quota of concurrent builds is reached")
        return turn

    def _run(
        self, task: Task, project: Project, build: Build, credentials: Credentials, entry: BuildRecord
    ) -> BuildResult:
        work = WorkFolder.linked(self._work, build.id, task.folder)
        sources = self._sources(task, project, work, credentials)
        folders = work.folders(sources, self._caches)
        return self._build(task, project, build, folders=folders, credentials=credentials, entry=entry)

    def _sources(self, task: Task, project: Project, work: WorkFolder, credentials: Credentials) -> dict[str, Path]:
        return unpack_sources(task, project, credentials, work, self._remotes)

    def _build(
        self,
        task: Task,
        project: Project,
        build: Build,
        *,
        folders: BuildFolders,
        credentials: Credentials,
        entry: BuildRecord,
    ) -> BuildResult:
        client = partial(task.endpoint.client, credentials=credentials, region=task.region)
        stream = LogStream(client("logs"), project.log_group, build.log_stream) if project.log_group else None
        log = BuildLog(task.log, task.note, stream=stream, on_phase=entry.phase)
        if SNAPSHOT_MESSAGE in task.action.configuration.get("EnvironmentVariables", ""):
            log.note(_COMMIT_MESSAGE)
        try:
            return run_build(
                build,
                folders,
                credentials=task.endpoint.build_environ(credentials, task.region),
                log=log,
                stop=entry.stop,
                lookup=AwsLookup(client),
                image=self._image(),
            )
        except (UnsupportedFeature, ContainerFailed) as error:
            raise ActionError(f"{task.where}: {error}") from error
        finally:
            log.close()


def _ending(build: Build, result: BuildResult) -> str:
    if result.status != "SUCCEEDED":
        return f"build {result.status}: {result.message}"
    return f"build {build.number} succeeded" + (f" after {result.retries} retries" if result.retries else "")


def _outputs(task: Task, result: BuildResult, credentials: Credentials) -> dict[str, Artifact]:
    """Upload the action's output artifacts: the buildspec's artifacts of these names.

    A single output artifact may also be the buildspec's primary artifact.
    """
    outputs, is_single = {}, len(task.action.outputs) == 1
    for name in task.action.outputs:
        zip_file = result.artifacts.get(name) or (result.artifacts.get("") if is_single else None)
        if zip_file is None:
            made = ", ".join(artifact or "the primary one" for artifact in result.artifacts) or "none"
            hint = "" if is_single else "; of several output artifacts each needs a secondary artifact of its name"
            raise ActionError(f"{task.where}: the buildspec made no artifact {name}; it made {made}{hint}")
        outputs[name] = upload(task, name, credentials, zip_file)
    return outputs
