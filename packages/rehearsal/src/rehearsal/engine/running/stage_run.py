"""The run of an execution in one stage: entry conditions, groups of actions, retry, success conditions, rollback.

Sources: AWS CodePipeline user guide, "How do stage conditions work?", "Configuring stage retry for a failed stage or
failed actions", "Configuring stage rollback".
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from rehearsal.engine.model.definition import Action, Condition, Stage
from rehearsal.engine.model.run_order import group_by_run_order
from rehearsal.engine.running.action_group import ActionGroup
from rehearsal.engine.running.attempts import Attempts
from rehearsal.engine.running.execution_record import ExecutionRecord
from rehearsal.engine.state.execution import ActionState, StageState

FAILED_ACTIONS = "FAILED_ACTIONS"


@dataclass(frozen=True)
class StageResult:
    """How a stage ended. status: one of StageExecutionStatus. failure: the summaries of what failed. rollback: whether
    the stage has to be rolled back.
    """

    status: str
    failure: str | None = None
    rollback: bool = False

    @property
    def is_passed(self) -> bool:
        return self.status in ("Succeeded", "Skipped")


class StageRun:
    """One run of a stage in an execution; its methods are generators, see pipeline_run.py.

    group: the actions that run now, of which failed ones can be retried.
    """

    def __init__(self, record: ExecutionRecord, attempts: Attempts, stage: Stage) -> None:
        self.group: ActionGroup | None = None
        self._record, self._attempts, self._stage = record, attempts, stage

    def run(self, retry_mode: str | None) -> Generator[None, None, StageResult]:
        """Run the stage, with at most one automatic retry. retry_mode: of a manual retry, else None."""
        end = yield from self._run_once(retry_mode)
        if end.status == "Failed" and self._wants_retry():
            attempt = self._state.attempt + 1
            self._record.write("stage-retried", stage=self._stage.name, attempt=attempt, failure=end.failure)
            mode = self._stage.on_failure.retry_mode if self._stage.on_failure else FAILED_ACTIONS
            end = yield from self._run_once(mode)
        if end.status == "Failed" and not end.rollback:
            rollback = yield from self._wants_rollback()
            end = StageResult(end.status, end.failure, rollback=rollback)
        return end

    def _run_once(self, retry_mode: str | None) -> Generator[None, None, StageResult]:
        unmet = yield from self._find_unmet_condition("beforeEntry", self._stage.before_entry)
        if unmet and not self._ending:
            skipped = unmet.result == "SKIP"
            return StageResult("Skipped") if skipped else self._condition_failure("beforeEntry", unmet)
        failed = yield from self._run_groups(retry_mode)
        if failed:
            return StageResult("Failed", failed)
        if not self._ending:
            unmet = yield from self._find_unmet_condition("onSuccess", self._stage.on_success)
            if unmet and not self._ending:
                return self._condition_failure("onSuccess", unmet)
        return StageResult(self._ending or "Succeeded")

    def _run_groups(self, retry_mode: str | None) -> Generator[None, None, str | None]:
        """Run the stage's actions by run order; return the summaries of the failed ones, or None."""
        for actions in group_by_run_order(self._stage.actions):
            if self._ending:
                break
            remaining = [action for action in actions if not self._is_done(action, retry_mode)]
            self.group = self._start(remaining)
            states = yield from self._await(self.group)
            self.group = None
            failed = [
                f"{self._stage.name}/{state.name}: {state.summary}" for state in states if state.status == "Failed"
            ]
            if failed:
                return "; ".join(failed)
        return self._record.state.summary if self._ending == "Failed" else None

    def _start(self, actions: Iterable[Action]) -> ActionGroup:
        return ActionGroup(self._record, self._attempts, self._stage.name, actions)

    def _await(self, group: ActionGroup) -> Generator[None, None, Sequence[ActionState]]:
        while group.is_running:
            yield
        return group.states()

    def _is_done(self, action: Action, retry_mode: str | None) -> bool:
        """Return whether a retry of the failed actions skips this action, because it has succeeded."""
        if retry_mode != FAILED_ACTIONS:
            return False
        state = self._record.state.actions.get((self._stage.name, action.name))
        return state is not None and state.status == "Succeeded"

    def _wants_retry(self) -> bool:
        """Return whether an automatic retry is due: only once, and not after a manual retry."""
        rule = self._stage.on_failure
        unused = not (self._state.automatic_retries or self._state.manual_retries)
        return rule is not None and rule.result == "RETRY" and unused and not self._ending

    def _wants_rollback(self) -> Generator[None, None, bool]:
        rule = self._stage.on_failure
        if rule is None or self._ending:
            return False
        if not rule.conditions:
            return rule.result == "ROLLBACK"
        unmet = yield from self._find_unmet_condition("onFailure", rule.conditions)
        return unmet is not None and "ROLLBACK" in (unmet.result, rule.result)

    def _find_unmet_condition(
        self, kind: str, conditions: Iterable[Condition]
    ) -> Generator[None, None, Condition | None]:
        """Check conditions in order; return the first with a failed rule, or None where all are met or overridden."""
        stage = self._stage.name
        for condition in conditions:
            if self._is_overridden(kind):
                return None
            self._record.write("condition-started", stage=stage, condition=kind)
            states = yield from self._await(self._start(condition.rules))
            failed = [state for state in states if state.status != "Succeeded"]
            status = "Overridden" if self._is_overridden(kind) else _status(failed)
            summary = "; ".join(f"{state.name}: {state.summary}" for state in failed)
            self._record.write(
                "condition-checked",
                stage=stage,
                condition=kind,
                status=status,
                result=condition.result,
                summary=summary,
            )
            if failed and status != "Overridden":
                return condition
        return None

    def _is_overridden(self, kind: str) -> bool:
        return (self._stage.name, kind) in self._record.state.overridden

    def _condition_failure(self, kind: str, condition: Condition) -> StageResult:
        reason = f"{self._stage.name}: its {kind} condition is not met: {self._state.conditions[kind].summary}"
        return StageResult("Failed", reason, rollback=condition.result == "ROLLBACK")

    @property
    def _state(self) -> StageState:
        return self._record.state.stages[self._stage.name]

    @property
    def _ending(self) -> str:
        return self._record.state.ending


def _status(failed: list[ActionState]) -> str:
    if any(state.status == "Abandoned" for state in failed):
        return "Abandoned"
    if any(state.error_code != "JobFailed" for state in failed):
        return "Errored"
    return "Failed" if failed else "Succeeded"
