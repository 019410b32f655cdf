"""The record of a batch of builds, as the CodeBuild API returns it, from its start to its end.

Source: CodeBuild API reference, "BuildBatch", "BuildBatchPhase", "BuildGroup", "BuildSummary".
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Collection, Mapping
from typing import Literal, TypedDict, cast

from rehearsal.codebuild.batch_spec import Batch, BatchTask
from rehearsal.codebuild.build_record import BuildStore, ProjectParts
from rehearsal.codebuild.model import Build, BuildResult
from rehearsal.json_values import JsonObject

BatchStatus = Literal["SUCCEEDED", "FAILED", "STOPPED", "TIMED_OUT"]


class BuildSummary(TypedDict, total=False):
    """A build of a batch."""

    arn: str
    requestedOn: float
    buildStatus: str


class BuildGroup(TypedDict, total=False):
    """A task of a batch, with its current build and those of earlier attempts."""

    identifier: str
    dependsOn: list[str]
    ignoreFailure: bool
    currentBuildSummary: BuildSummary
    priorBuildSummaryList: list[BuildSummary]


class BatchPhase(TypedDict, total=False):
    phaseType: str
    phaseStatus: str
    startTime: float
    endTime: float
    durationInSeconds: int
    contexts: list[dict[str, str]]


def new_batch(build: Build, about: ProjectParts, config: Mapping[str, object], number: int) -> JsonObject:
    """Return the record of a batch that has not begun.

    build: the build that the builds of the batch are variants of. about: as for a build. config: the project's
    BuildBatchConfig.
    """
    id_ = f"{build.project}:{uuid.uuid4()}"
    record: JsonObject = {
        **about,
        "id": id_,
        "arn": f"arn:aws:codebuild:{build.region}:{build.account}:build-batch/{id_}",
        "projectName": build.project,
        "buildBatchNumber": number,
        "initiator": build.initiator,
        "sourceVersion": build.source_version,
        "resolvedSourceVersion": build.resolved_version,
        "encryptionKey": build.key_arn,
        "buildTimeoutInMinutes": int(build.timeout_minutes),
        "startTime": time.time(),
        "buildBatchConfig": config,
    }
    return {name: value for name, value in record.items() if value != ""}


class BatchRecord:
    """The record of one batch, which is replaced whenever a phase or one of its builds starts or ends.

    record: that of a new batch, or of one that is retried. stop: set by StopBuildBatch.
    """

    def __init__(self, builds: BuildStore, record: JsonObject) -> None:
        self._builds = builds
        self._record: JsonObject = {**record, "buildBatchStatus": "IN_PROGRESS", "complete": False}
        self.id, self.stop = str(record["id"]), builds.begin_batch(str(record["arn"]))
        self._groups = {group["identifier"]: group for group in _groups(record)}
        self._phases: list[BatchPhase] = []
        self._lock = threading.Lock()
        self._enter("SUBMITTED")
        self._enter("DOWNLOAD_BATCHSPEC")

    def plan(self, batch: Batch, done: Collection[str] = ()) -> None:
        """Record the builds to run. done: the identifiers of those that a retry does not run again."""
        self._groups = {
            task.identifier: _group(task, self._groups.get(task.identifier, BuildGroup()), done) for task in batch.tasks
        }
        self._enter("IN_PROGRESS")

    def build_started(self, task: BatchTask, build: Build) -> None:
        """Record that the build of a task has started."""
        self._put_summary(task, {"arn": build.arn, "requestedOn": time.time(), "buildStatus": "IN_PROGRESS"})

    def build_ended(self, task: BatchTask, result: BuildResult) -> None:
        """Record the status of a task's build."""
        self._put_summary(task, {"buildStatus": result.status})

    def combine(self) -> None:
        """Record that the artifacts of the builds are being combined."""
        self._enter("COMBINE_ARTIFACTS")

    def end(self, status: BatchStatus, why: str = "") -> None:
        """Record the end of the batch. why: the message of the phase that failed."""
        self._end_phase(status, why)
        self._enter("FAILED" if status == "TIMED_OUT" else status)
        self._put(buildBatchStatus=status, complete=True, endTime=time.time())

    def _enter(self, phase: str) -> None:
        if self._phases and "endTime" not in self._phases[-1]:
            self._end_phase("SUCCEEDED", "")
        self._phases.append({"phaseType": phase, "startTime": time.time()})
        self._put(currentPhase=phase)

    def _end_phase(self, status: str, why: str) -> None:
        phase, now = self._phases[-1], time.time()
        phase.update({"phaseStatus": status, "endTime": now, "durationInSeconds": int(now - phase["startTime"])})
        if why:
            phase["contexts"] = [{"statusCode": "CLIENT_ERROR", "message": why}]

    def _put_summary(self, task: BatchTask, changed: BuildSummary) -> None:
        with self._lock:
            group = self._groups[task.identifier]
            group["currentBuildSummary"] = {**group.get("currentBuildSummary", BuildSummary()), **changed}
            self._put()

    def _put(self, **changed: object) -> None:
        groups, phases = [{**group} for group in self._groups.values()], [{**phase} for phase in self._phases]
        self._record = {**self._record, **changed, "buildGroups": groups, "phases": phases}
        self._builds.put_batch(self._record)


def succeeded(record: JsonObject) -> list[str]:
    """Return the identifiers of the builds of a batch that succeeded."""
    return [
        group["identifier"]
        for group in _groups(record)
        if group.get("currentBuildSummary", {}).get("buildStatus") == "SUCCEEDED"
    ]


def _group(task: BatchTask, earlier: BuildGroup, done: Collection[str]) -> BuildGroup:
    """Return the group of a task; the build of an earlier attempt is its current one if it is not run again."""
    group: BuildGroup = {
        "identifier": task.identifier,
        "dependsOn": [*task.depend_on],
        "ignoreFailure": task.ignore_failure,
    }
    prior, current = earlier.get("priorBuildSummaryList", []), earlier.get("currentBuildSummary")
    if current and task.identifier in done:
        group["currentBuildSummary"] = current
    elif current:
        prior = [*prior, current]
    if prior:
        group["priorBuildSummaryList"] = prior
    return group


def _groups(record: JsonObject) -> list[BuildGroup]:
    return [*cast("list[BuildGroup]", record.get("buildGroups", []))]
