"""The record of a batch of builds, as the CodeBuild API returns it, from its start to its end.

Source: CodeBuild API reference, "BuildBatch", "BuildGroup", "BuildSummary".
"""

from __future__ import annotations

import threading
import time
import uuid

from rehearsal.codebuild.batch_spec import Batch, BatchTask
from rehearsal.codebuild.build_record import BuildStore, Members, ProjectParts
from rehearsal.codebuild.model import Build, BuildResult


class BatchRecord:
    """The record of one batch, which is replaced whenever one of its builds starts or ends.

    build: the build that the builds of the batch are variants of. about: as for a build. role: the role of the
    project's BuildBatchConfig.
    """

    def __init__(self, builds: BuildStore, build: Build, about: ProjectParts, role: str) -> None:
        self._builds, self._build = builds, build
        self.id = f"{build.project}:{uuid.uuid4()}"
        self._groups: dict[str, Members] = {}
        self._summaries: dict[str, Members] = {}
        self._lock = threading.Lock()
        self._record: Members = {
            **about,
            "id": self.id,
            "arn": f"arn:aws:codebuild:{build.region}:{build.account}:build-batch/{self.id}",
            "projectName": build.project,
            "initiator": build.initiator,
            "startTime": time.time(),
            "buildBatchConfig": {"serviceRole": role},
        }
        self._put(buildBatchStatus="IN_PROGRESS", currentPhase="DOWNLOAD_BATCHSPEC", complete=False)

    def plan(self, batch: Batch) -> None:
        """Record the builds to run."""
        for task in batch.tasks:
            self._groups[task.identifier] = {
                "identifier": task.identifier,
                "dependsOn": [*task.depend_on],
                "ignoreFailure": task.ignore_failure,
            }
        self._put(currentPhase="IN_PROGRESS")

    def build_started(self, task: BatchTask, build: Build) -> None:
        """Record that the build of a task has started."""
        self._put_summary(task, arn=build.arn, requestedOn=time.time(), buildStatus="IN_PROGRESS")

    def build_ended(self, task: BatchTask, result: BuildResult) -> None:
        """Record the status of a task's build."""
        self._put_summary(task, buildStatus=result.status)

    def end(self, status: str) -> None:
        """Record the end of the batch. status: SUCCEEDED, FAILED or STOPPED."""
        self._put(buildBatchStatus=status, currentPhase=status, complete=True, endTime=time.time())

    def _put_summary(self, task: BatchTask, **changed: object) -> None:
        with self._lock:
            summary = self._summaries.setdefault(task.identifier, {})
            summary.update(changed)
            self._groups[task.identifier]["currentBuildSummary"] = {**summary}
            self._put()

    def _put(self, **changed: object) -> None:
        self._record = {**self._record, **changed, "buildGroups": [{**group} for group in self._groups.values()]}
        self._builds.put_batch(self._build, self._record)
