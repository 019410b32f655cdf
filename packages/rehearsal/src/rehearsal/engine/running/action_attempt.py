"""One attempt of one action: what the engine knows of it while it runs, and the work itself, in a worker."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from rehearsal.engine.action_api import ActionError, ActionRunner, Answer, Outcome, Task
from rehearsal.engine.model.definition import Action, ActionType
from rehearsal.engine.model.variables import UnknownVariable
from rehearsal.engine.running.environment import Environment
from rehearsal.engine.running.work_folders import SHARED, discard_work_files
from rehearsal.engine.state.execution import ActionState, Execution
from rehearsal.host.cancellation import Cancellation

log = logging.getLogger(__name__)

# A build may print thousands of lines a second; a reader follows a few.
NOTE_SECONDS, NOTE_LENGTH = 0.25, 500


@dataclass(frozen=True)
class AttemptResult:
    """How an attempt ended. code: of a failure. discarded: the folder with files that the action does not need."""

    outcome: Outcome
    code: str | None = None
    discarded: Path | None = None


class Reports(Protocol):
    """The reports of a worker to the engine; each call returns immediately."""

    def progress(self, attempt: Attempt, text: str) -> None: ...

    def waiting(self, attempt: Attempt, text: str) -> None: ...

    def expired(self, attempt: Attempt) -> None: ...

    def identified(self, attempt: Attempt, external_id: str) -> None: ...

    def ended(self, attempt: Attempt, result: AttemptResult) -> None: ...


@dataclass(eq=False)
class Attempt:
    """`run` is called in a worker and reports the end in any case; the other methods belong to the engine's thread.

    action: with its references to variables resolved. problem: why it can't even begin. token: answers its approval.
    """

    execution: Execution
    action: Action
    state: ActionState
    limit: float
    token: str
    env: Environment
    reports: Reports
    problem: UnknownVariable | None = None
    stop: Cancellation = field(default_factory=Cancellation)
    expired: bool = False
    answer: Answer | None = None
    end_timer: Callable[[], object] = lambda: None
    _woken: threading.Event = field(default_factory=threading.Event)
    _reported: float = 0.0

    @property
    def where(self) -> str:
        """How messages name the action."""
        return f"{self.state.stage}/{self.action.name}"

    def cancel(self) -> None:
        """Ask the action to end. An approval that has been answered is left as it is."""
        if self.answer is None:
            self.stop.set()

    def expire(self) -> None:
        """The time limit is over."""
        if self.answer is None and not self.stop.is_set():
            self.expired = True
            self.stop.set()

    def put_answer(self, answer: Answer) -> None:
        """Wake the action up with the answer to its approval."""
        self.answer = answer
        self._woken.set()

    def run(self) -> None:
        try:
            result = self._work()
        except BaseException as error:
            log.exception("%s of execution %s", self.where, self.execution.id)
            result = _errored(f"{type(error).__name__}: {error}", "InternalError")
        self.reports.ended(self, result)

    def _work(self) -> AttemptResult:
        try:
            folder = Path(self.state.log).parent
            folder.mkdir(parents=True)
            outcome = _runner(self.where, self.action, self.env.runners).run(self._task(folder))
        except (ActionError, UnknownVariable) as error:
            code = getattr(error, "code", "ConfigurationError")
            return _errored(str(error).removeprefix(f"{self.where}: "), code)
        if outcome.failed:
            return AttemptResult(outcome, outcome.code)
        return AttemptResult(outcome, discarded=discard_work_files(folder))

    def _task(self, folder: Path) -> Task:
        if self.problem:
            raise self.problem
        execution, action, pipeline = self.execution, self.action, self.execution.pipeline
        return Task(
            pipeline=execution.key,
            execution_id=execution.id,
            stage=self.state.stage,
            action=action,
            role_arn=action.role_arn or pipeline.role_arn,
            artifacts=execution.artifacts,
            stores=pipeline.store_for,
            endpoint=self.env.endpoint,
            assume=self.env.assume,
            folder=folder,
            shared=self.env.executions / execution.id / SHARED,
            log=Path(self.state.log),
            stop=self.stop,
            note=self._report_progress,
            waiting=lambda text: self.reports.waiting(self, text),
            token=self.token,
            answer=self._await_answer,
            expire=lambda: self.reports.expired(self),
            identify=lambda external_id: self.reports.identified(self, external_id),
            action_execution_id=self.state.id,
            limit=self.limit,
            wanted=execution.wanted.get(action.name, {}),
            pipeline_role=pipeline.role_arn,
            asked=self.env.asked,
        )

    def _await_answer(self) -> Answer | None:
        with self.stop.calls(self._woken.set):
            self._woken.wait()
        return self.answer

    def _report_progress(self, text: str) -> None:
        if time.monotonic() - self._reported >= NOTE_SECONDS:
            self._reported = time.monotonic()
            self.reports.progress(self, text[:NOTE_LENGTH])


def settle(attempt: Attempt, result: AttemptResult, duration: str) -> tuple[str, Outcome, str | None]:
    """Return status, outcome and error code of an attempt that has ended, in the light of how it was cancelled."""
    outcome, code = result.outcome, result.code
    if not outcome.failed:
        return "Succeeded", outcome, None
    if attempt.expired:
        outcome = replace(outcome, summary=f"it took longer than {duration}: {outcome.summary}")
        return "Failed", outcome, "JobFailed"
    return "Abandoned" if attempt.stop.is_set() else "Failed", outcome, code


def _errored(summary: str, code: str) -> AttemptResult:
    return AttemptResult(Outcome(failed=True, summary=summary), code)


def _runner(where: str, action: Action, runners: Mapping[ActionType, ActionRunner]) -> ActionRunner:
    try:
        return runners[action.type]
    except KeyError:
        known = ", ".join(sorted(str(each) for each in runners if (each.category == "Rule") == action.is_rule))
        raise ActionError(
            f"{where}: no local runner for {action.type}; there are {known or 'none'};"
            f" `run --accept {action.type.provider}` goes on without executing it"
        ) from None
