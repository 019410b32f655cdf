"""The first error of an execution: why each of its actions failed, from the ends of their logs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_console.cause.find_cause import find_causes
from pipeline_console.cause.model import Cause
from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.reads.assembly import construct_path
from pipeline_console.reads.builds import build, log_place, log_tail
from pipeline_console.reads.pipeline import PipelineReads
from pipeline_console.views.ansi import plain
from pipeline_console.views.next_command import command_for_aws
from pipeline_console.views.waterfall import ActionRun, Waterfall


@dataclass(frozen=True)
class FailedRun:
    """A failed attempt, with the members of `FailedAction`. log: its path in this console."""

    run: ActionRun
    log: str

    @property
    def stage(self) -> str:
        return self.run.stage

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def provider(self) -> str:
        return f"{self.run.category}/{self.run.provider}"

    @property
    def started(self) -> float:
        return self.run.started

    @property
    def seconds(self) -> float:
        return self.run.seconds

    @property
    def summary(self) -> str:
        return self.run.error or self.run.summary


def failed_runs(flow: Waterfall) -> list[FailedRun]:
    """Return the latest attempt of each action that failed."""
    latest = {(run.stage, run.name): run for run in flow.rows}
    return [FailedRun(run, run.id if run.has_log else "") for run in latest.values() if run.status == "Failed"]


def find(
    reads: PipelineReads, execution: str, flow: Waterfall, *, rehearsed: bool
) -> tuple[list[Cause], list[Problem]]:
    """Return a cause for each failed action, the first one first, and why logs or artifacts could not be read."""
    problems: list[Problem] = []

    def read_log(failed: FailedRun) -> Iterator[str]:
        if failed.log:
            try:
                group, stream = log_place(build(reads.aws, failed.run.external_id, failed.run.region))
                yield from map(plain, log_tail(reads.aws, group, stream, failed.run.region))
            except ReadFailed as error:
                problems.append(error.problem)

    def find_construct(stack: str, logical_id: str) -> str:
        try:
            return construct_path(reads.aws, flow.rows, stack, logical_id)
        except ReadFailed as error:
            problems.append(error.problem)
            return ""

    causes = find_causes(failed_runs(flow), read_log, find_construct)
    if not rehearsed:
        causes = [
            dataclasses.replace(cause, next_command=command_for_aws(cause, reads.name, execution)) for cause in causes
        ]
    return causes, problems
