"""One attempt of one action: its state while it runs, and the call of its runner in a worker thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from rehearsal.engine.action_api import ActionError, ActionRunner, Answer, Outcome, PendingApproval, Task
from rehearsal.engine.model.definition import Action, ActionType
from rehearsal.engine.model.variables import UnknownVariable
from rehearsal.engine.running.environment import Environment
from rehearsal.engine.running.work_folders import SHARED, discard_work_files
from rehearsal.engine.state.execution import ActionState, Execution
from rehearsal.host.cancellation import Cancellation

log = logging.getLogger(__name__)

# At most one progress report in this time, cut to this length: a build may print thousands of lines a second.
NOTE_SECONDS, NOTE_LENGTH = 0.25, 500


@dataclass(frozen=True)
class AttemptResult:
    """How an attempt ended. code: of a failure. discarded: a folder with work files that are not needed any more."""

    outcome: Outcome
    code: str | None = None
    discarded: Path | None = None


class Reports(Protocol):
    """The reports of a worker to the engine's thread; each call returns immediately."""

    def progress(self, attempt: Attempt, text: str) -> None: ...

    def waiting(self, attempt: Attempt, text: str) -> None: ...

    def expired(self, attempt: Attempt) -> None: ...

    def identified(self, attempt: Attempt, external_id: str) -> None: ...

    def ended(self, attempt: Attempt, result: AttemptResult) -> None: ...


@dataclass(eq=False)
class Attempt:
    """One attempt of one action. `run` is called in a worker; the other methods in the engine's thread.

    action: with its variable references resolved. problem: an unknown variable, which makes the attempt fail. token:
    for the answer to its approval; empty for other actions. limit: seconds.
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
        """The action's name in messages: stage/action."""
        return f"{self.state.stage}/{self.action.name}"

    def cancel(self) -> None:
        """Ask the action to end, unless it is an approval that has been answered."""
        if self.answer is None:
            self.stop.set()

    def expire(self) -> None:
        """End the action because its time limit has passed, unless it is an approval that has been answered."""
        if self.answer is None and not self.stop.is_set():
            self.expired = True
            self.stop.set()

    def put_answer(self, answer: Answer) -> None:
        """Pass the answer to the waiting approval action."""
        self.answer = answer
        self._woken.set()

    def run(self) -> None:
        """Run the action and report its end, whatever happens."""
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
            approval=PendingApproval(
                token=self.token,
                limit=self.limit,
                request=lambda text: self.reports.waiting(self, text),
                answer=self._await_answer,
                expire=lambda: self.reports.expired(self),
            ),
            identify=lambda external_id: self.reports.identified(self, external_id),
            action_execution_id=self.state.id,
            requested_revisions=execution.origin.requested_revisions.get(action.name, {}),
            pipeline_role=pipeline.role_arn,
            check_permission=self.env.check_permission,
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
    """Return status, outcome and error code of an ended attempt: Failed after its time limit, Abandoned after a stop.

    duration: the time limit in words.
    """
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
        known = ", ".join(sorted(str(runner) for runner in runners if (runner.category == "Rule") == action.is_rule))
        raise ActionError(
            f"{where}: no local runner for {action.type}; there are {known or 'none'};"
            f" `run --accept {action.type.provider}` goes on without executing it"
        ) from None
