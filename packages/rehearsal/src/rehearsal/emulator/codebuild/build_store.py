"""Build records in MiniStack's CodeBuild, for BatchGetBuilds and ListBuilds, and StopBuild."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.codebuild.model import Build, TestReport
from rehearsal.emulator.codebuild.batch_store import BATCH_FOLDER, BatchStore
from rehearsal.emulator.codebuild.report_store import FOLDER, ReportStore
from rehearsal.emulator.ministack.port.codebuild import find_build, put_build
from rehearsal.emulator.ministack.port.requests import Answer, get_account_id, get_region, json_response
from rehearsal.host.cancellation import Cancellation
from rehearsal.json_values import JsonObject

if TYPE_CHECKING:
    from types_boto3_codebuild.type_defs import StopBuildInputTypeDef


class MinistackBuilds:
    """Stores records where MiniStack's handlers read them. MiniStack's own StopBuild only changes the record.

    state: the folder of the embedded AWS's state, for test reports and batches, which MiniStack does not support.
    """

    def __init__(self, state: Path) -> None:
        self.reports, self.batches = ReportStore(state / FOLDER), BatchStore(state / BATCH_FOLDER)
        self._running: dict[tuple[str, str, str], Cancellation] = {}

    def begin(self, build: Build) -> Cancellation:
        return self._running.setdefault((build.account, build.region, build.id), Cancellation())

    def put(self, build: Build, record: JsonObject) -> None:
        is_stopped = find_build(build.account, build.region, build.id).get("buildStatus") == "STOPPED"
        if not (is_stopped and record["buildStatus"] == "IN_PROGRESS"):
            put_build(build.account, build.region, build.id, record)

    def begin_batch(self, arn: str) -> Cancellation:
        return self.batches.begin(arn)

    def put_batch(self, record: JsonObject) -> None:
        self.batches.put(record)

    def put_reports(self, build: Build, reports: Sequence[TestReport]) -> list[str]:
        return [self.reports.put(build, report) for report in reports]

    def end(self, build: Build) -> None:
        self._running.pop((build.account, build.region, build.id), None)

    def stop_build(
        self, mark_stopped: Callable[[StopBuildInputTypeDef], Answer]
    ) -> Callable[[StopBuildInputTypeDef], Answer]:
        """Return the replacement of MiniStack's StopBuild; it also stops the build, and leaves one that has ended."""

        def stop_build(request: StopBuildInputTypeDef) -> Answer:
            record = find_build(get_account_id(), get_region(), request.get("id", ""))
            if record.get("buildComplete"):
                return json_response({"build": record})
            answer = mark_stopped(request)
            stop = self._running.get((get_account_id(), get_region(), request.get("id", "")))
            if stop:
                stop.set()
            return answer

        return stop_build
