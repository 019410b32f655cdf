"""StartBuildBatch, StopBuildBatch and RetryBuildBatch: batches of builds outside a pipeline.

Sources: AWS CodeBuild API reference, these operations; AWS CodeBuild user guide, "Run builds in batches".
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.actions.batch_artifacts import combine
from rehearsal.actions.batch_run import build_of_task, run_batch
from rehearsal.actions.codebuild_project import SERVICE, Project
from rehearsal.codebuild import batch_spec
from rehearsal.codebuild.batch_record import BatchRecord, BatchStatus, new_batch, succeeded
from rehearsal.codebuild.batch_spec import Batch, BatchTask
from rehearsal.codebuild.model import Build, BuildResult
from rehearsal.codebuild.source_and_artifacts import deliver
from rehearsal.emulator.codebuild.batch_store import BatchStore
from rehearsal.emulator.codebuild.build_runner import FAILURES, BuildRunner, StartedBuild, deliver_to_project
from rehearsal.emulator.codebuild.overridden_project import project_of_batch
from rehearsal.emulator.codebuild.started_requests import StartedRequests
from rehearsal.emulator.ministack.port.requests import request_scope
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.errors import RequestRejected
from rehearsal.host.cancellation import Cancellation
from rehearsal.json_values import text

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_START, _STOP, _RETRY = "StartBuildBatch", "StopBuildBatch", "RetryBuildBatch"
RUN_OPERATIONS = (_START, _STOP, _RETRY)
_ALL, _FAILED = "RETRY_ALL_BUILDS", "RETRY_FAILED_BUILDS"


@dataclass(frozen=True)
class _StartedBatch:
    """A batch. build: the one that its builds are variants of. done: the builds that a retry does not run again."""

    project: Project
    build: Build
    record: BatchRecord
    permission: str = "codebuild:StartBuild"
    done: Collection[str] = ()


class StartedBatches:
    """Implements the operations, and runs each batch in a thread."""

    def __init__(self, runner: BuildRunner, store: BatchStore, requests: StartedRequests) -> None:
        self._runner, self._store, self._requests = runner, store, requests
        self._running: dict[str, tuple[_StartedBatch, threading.Thread]] = {}

    def call(self, operation: str, request: dict[str, object], account: str, region: str) -> dict[str, object]:
        """Answer an operation of the API. Raises ApiError."""
        id_ = text(request, "id")
        if operation == _STOP:
            return {"buildBatch": self._store.stop(id_, account, region)}
        start = partial(self._start, request) if operation == _START else partial(self._retry, request, account, region)
        try:
            with request_scope(account, region):
                return self._requests.once((operation, account, region), request, start)
        except RequestRejected as error:
            raise ApiError(error.code, str(error)) from error

    def close(self) -> None:
        """Stop every batch, and wait for each at most 20 seconds."""
        running = [*self._running.values()]
        for batch, _ in running:
            batch.record.stop.set()
        for _, thread in running:
            thread.join(20)

    def _start(self, request: Mapping[str, object]) -> dict[str, object]:
        project, build = self._build(request)
        number = project.next_batch_number(self._runner.workspace.caches)
        record = new_batch(build, project.about, project.batch_config, number)
        self._requests.keep(str(record["id"]), request)
        return self._begin(_StartedBatch(project, build, BatchRecord(self._runner.builds, record)))

    def _retry(self, request: Mapping[str, object], account: str, region: str) -> dict[str, object]:
        """Run a failed batch again, under its id, with the request that has started it."""
        record = self._store.find(text(request, "id"), account, region)
        kind = request.get("retryType", _ALL)
        if kind not in (_ALL, _FAILED):
            raise ApiError("InvalidInputException", f"retryType: got {kind}; {_ALL} and {_FAILED} are allowed")
        if record["buildBatchStatus"] not in ("FAILED", "FAULT", "TIMED_OUT"):
            why = "only batch builds that have failed can be retried"
            raise ApiError("InvalidInputException", f"{record['id']} is {record['buildBatchStatus']}: {why}")
        started = self._requests.find(record["id"])
        if started is None:
            raise ApiError("InvalidInputException", f"a pipeline started {record['id']}: retry the pipeline's stage")
        project, build = self._build(started)
        done = succeeded(record) if kind == _FAILED else []
        if done and project.batch_config.get("combineArtifacts"):
            why = f"the artifacts of an earlier attempt cannot be combined here; use {_ALL}"
            raise ApiError("InvalidInputException", f"retryType: {kind} is not rehearsed with combineArtifacts: {why}")
        again = {name: value for name, value in record.items() if name != "endTime"}
        again_record = BatchRecord(self._runner.builds, again)
        return self._begin(_StartedBatch(project, build, again_record, "codebuild:RetryBuild", done))

    def _build(self, request: Mapping[str, object]) -> tuple[Project, Build]:
        project, version = project_of_batch(request)
        return project, project.build(None, initiator="root", source_version=version)

    def _begin(self, batch: _StartedBatch) -> dict[str, object]:
        id_ = batch.record.id
        answer: dict[str, object] = {"buildBatch": self._store.find(id_, batch.build.account, batch.build.region)}
        thread = threading.Thread(target=self._run, args=(batch,), name=f"batch {id_}", daemon=True)
        self._running[id_] = (batch, thread)
        thread.start()
        return answer

    def _run(self, batch: _StartedBatch) -> None:
        status: BatchStatus = "FAILED"
        why = ""
        folder = Path(tempfile.mkdtemp(prefix="batch-", dir=self._runner.workspace.builds))
        try:
            status, why = self._run_in(folder, batch)
        except FAILURES as error:
            why = str(error)
        finally:
            batch.record.end(status, why)
            self._running.pop(batch.record.id, None)
            shutil.rmtree(folder, ignore_errors=True)

    def _run_in(self, folder: Path, batch: _StartedBatch) -> tuple[BatchStatus, str]:
        """Run a batch; return its status, and why it failed. folder: for its source and combined artifacts."""
        project, build = batch.project, batch.build
        role = project.batch_role
        self._runner.assume(role, SERVICE, "AWSCodeBuild")
        self._runner.require(role, batch.permission, resource=project.arn)
        spec = self._read(folder, project, build)
        batch.record.plan(spec, batch.done)
        combined = folder / "artifacts" if project.batch_config.get("combineArtifacts") else None
        done = {identifier: BuildResult("SUCCEEDED") for identifier in batch.done}
        result = run_batch(spec, project, batch.record, partial(self._run_task, batch, combined), done)
        if result.failed:
            return result.status, f"failed: {', '.join(result.failed)}"
        if combined and combined.exists():
            batch.record.combine()
            self._combine(batch, combined)
        return result.status, ""

    def _read(self, folder: Path, project: Project, build: Build) -> Batch:
        """Read the batch of the buildspec, with the source and the role of the project."""
        credentials = self._runner.assume(project.role_arn, SERVICE, "AWSCodeBuild")
        source = folder / "src"
        self._runner.fetch_source(project, build, credentials, source)
        batch = batch_spec.load(build.buildspec, source)
        batch_spec.check_restrictions(batch, project.batch_config.get("restrictions", {}), project.compute_type)
        return batch

    def _run_task(
        self, batch: _StartedBatch, combined: Path | None, task: BatchTask, stop: Cancellation
    ) -> BuildResult:
        fresh = batch.project.build(
            self._runner.workspace.caches,
            initiator=batch.build.initiator,
            source_version=batch.build.source_version,
        )
        started = self._runner.enter(batch.project, build_of_task(fresh, task))
        batch.record.build_started(task, started.build)
        with stop.calls(started.entry.stop.set):
            result = self._runner.run(started, partial(_keep, combined) if combined else deliver_to_project)
        batch.record.build_ended(task, result)
        return result

    def _combine(self, batch: _StartedBatch, combined: Path) -> None:
        """Upload the artifacts of all builds as one, in the place of the batch."""
        zip_file = combined.with_suffix(".zip")
        combine(sorted(combined.iterdir()), zip_file)
        credentials = self._runner.assume(batch.project.role_arn, SERVICE, "AWSCodeBuild")
        s3 = self._runner.endpoint.client("s3", credentials, batch.build.region)
        deliver(batch.project.artifacts, replace(batch.build, id=batch.record.id), {"": zip_file}, s3)


def _keep(folder: Path, started: StartedBuild, result: BuildResult, _s3: S3Client) -> None:
    """Keep the artifact of a build for those that are combined."""
    if zip_file := result.artifacts.get(""):
        folder.mkdir(exist_ok=True)
        shutil.move(zip_file, folder / f"{started.build.batch_identifier}.zip")
