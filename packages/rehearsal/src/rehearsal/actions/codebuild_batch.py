"""A CodeBuild action with BatchEnabled: the builds of the buildspec's batch.

Source: AWS CodePipeline user guide, "AWS CodeBuild build and test action reference".
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rehearsal.actions import batch_artifacts
from rehearsal.actions.action_builds import ActionBuilds
from rehearsal.actions.batch_run import BatchResult, build_of_task, run_batch
from rehearsal.actions.codebuild_project import SERVICE, build_of_action
from rehearsal.codebuild import batch_spec
from rehearsal.codebuild.batch_record import BatchRecord, new_batch
from rehearsal.codebuild.batch_spec import Batch, BatchTask
from rehearsal.codebuild.buildspec import InvalidBuildspec, UnsupportedFeature
from rehearsal.codebuild.model import Build, BuildResult
from rehearsal.codebuild.work_folder import WorkFolder
from rehearsal.engine.action_api import ActionError, Outcome, identify_nothing
from rehearsal.host.cancellation import Cancellation


def run_batch_action(builds: ActionBuilds) -> Outcome:
    """Run the builds of the batch; return the outcome of the action, which has no variables. Raises ActionError."""
    task = builds.task
    _check_role(builds)
    template = build_of_action(task, builds.project, None)
    record = _new_record(builds, template)
    task.identify(record.id)
    try:
        with task.stop.calls(record.stop.set):
            batch = _read_batch(builds, template)
            result = _run(builds, batch, record)
        failed = ", ".join(result.failed)
        outputs = {} if failed else batch_artifacts.upload_artifacts(task, result.results, builds.credentials)
    except Exception as error:
        record.end("FAILED", str(error))
        raise
    record.end(result.status)
    summary = f"batch failed: {failed}" if failed else f"batch of {len(batch.tasks)} builds succeeded"
    return Outcome(failed=bool(failed), summary=summary, outputs=outputs, external_id=record.id)


def _check_role(builds: ActionBuilds) -> None:
    """Raise ActionError unless the project's BuildBatchConfig has a role that may start the builds."""
    task, project = builds.task, builds.project
    if not project.batch_role:
        raise ActionError(f"{task.where}: the project {project.name} has no BuildBatchConfig with a service role")
    task.assume(project.batch_role, SERVICE, "AWSCodeBuild")
    task.check_permission(project.batch_role, "codebuild:StartBuild", resource=project.arn)


def _new_record(builds: ActionBuilds, template: Build) -> BatchRecord:
    project, services = builds.project, builds.services
    batch = new_batch(template, project.about, project.batch_config, project.next_batch_number(services.caches))
    return BatchRecord(services.builds, batch)


def _read_batch(builds: ActionBuilds, template: Build) -> Batch:
    """Read the batch of the buildspec. Raises ActionError where it is not valid or not allowed."""
    task, project = builds.task, builds.project
    folder = task.folder / "batch"
    folder.mkdir()
    work = WorkFolder.linked(builds.services.work, f"batch-{uuid.uuid4().hex}", folder)
    try:
        source = builds.of_task(replace(task, folder=folder)).sources(work)[""]
        batch = batch_spec.load(template.buildspec, source)
        batch_spec.check_restrictions(batch, project.batch_config.get("restrictions", {}), project.compute_type)
    except (InvalidBuildspec, UnsupportedFeature) as error:
        raise ActionError(f"{task.where}: {error}") from error
    return batch


def _run(builds: ActionBuilds, batch: Batch, record: BatchRecord) -> BatchResult:
    task = builds.task
    logs = {member.identifier: task.folder / f"{member.identifier}.log" for member in batch.tasks}
    record.plan(batch)
    result = run_batch(batch, builds.project, record, _BatchBuilds(builds, record, logs).run)
    batch_artifacts.append_logs(task.log, logs)
    return result


@dataclass(frozen=True)
class _BatchBuilds:
    """Runs single builds of the batch. logs: identifier -> log."""

    builds: ActionBuilds
    record: BatchRecord
    logs: Mapping[str, Path]

    def run(self, member: BatchTask, stop: Cancellation) -> BuildResult:
        task = self.builds.task
        folder = task.folder / f"batch-{member.identifier}"
        folder.mkdir()
        log = self.logs[member.identifier]
        builds = self.builds.of_task(replace(task, folder=folder, log=log, stop=stop, identify=identify_nothing))
        build = build_of_task(builds.new_build(), member)
        self.record.build_started(member, build)
        result = builds.run(build)
        self.record.build_ended(member, result)
        return result
