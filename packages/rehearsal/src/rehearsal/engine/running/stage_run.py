"""An execution in one stage: entry conditions, waves of actions, and what follows success or failure.

Sources: AWS CodePipeline user guide, "How do stage conditions work?", "Configuring stage retry for a failed stage or
failed actions", "Configuring stage rollback".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rehearsal.engine.model.definition import Action, Condition, Stage
from rehearsal.engine.model.run_order import group_by_run_order
from rehearsal.engine.running.action_attempt import Attempt
from rehearsal.engine.running.retry_barrier import RetryBarrier
from rehearsal.engine.state.event_log import EventLog
from rehearsal.engine.state.execution import ActionState, ConditionState, Environment, Execution, StageState

FAILED_ACTIONS = "FAILED_ACTIONS"


@dataclass(frozen=True)
class StageResult:
    """`status` is one of StageExecutionStatus; `failure` says what failed; `rollback`: it is to be rolled back."""

    status: str
    failure: str | None = None
    rollback: bool = False

    @property
    def is_passed(self) -> bool:
        return self.status in ("Succeeded", "Skipped")


class StageRun:
    """One visit of an execution to a stage. `retry_mode` is None on the first visit."""

    def __init__(self, execution: Execution, stage: Stage, env: Environment, trace: EventLog) -> None:
        self._execution, self._stage, self._env, self._trace = execution, stage, env, trace

    def run(self, retry_mode: str | None) -> StageResult:
        """Run the stage, with the one automatic retry that it may have."""
        end = self._run_once(retry_mode)
        if end.status == "Failed" and self._wants_retry():
            state = self._state
            state.automatic_retries, state.attempt, state.latest_retry = 1, state.attempt + 1, "AutomatedStageRetry"
            self._trace.write("stage-retried", stage=self._stage.name, attempt=state.attempt, failure=end.failure)
            mode = self._stage.on_failure.retry_mode if self._stage.on_failure else FAILED_ACTIONS
            end = self._run_once(mode)
        if end.status == "Failed" and not end.rollback:
            end = StageResult(end.status, end.failure, rollback=self._wants_rollback())
        return end

    def _run_once(self, retry_mode: str | None) -> StageResult:
        refused = self._find_unmet_condition("beforeEntry", self._stage.before_entry)
        if refused and not self._execution.ending:
            return (
                StageResult("Skipped") if refused.result == "SKIP" else self._condition_failure("beforeEntry", refused)
            )
        failed = self._run_groups(retry_mode)
        if failed:
            return StageResult("Failed", failed)
        if not self._execution.ending:
            unmet = self._find_unmet_condition("onSuccess", self._stage.on_success)
            if unmet and not self._execution.ending:
                return self._condition_failure("onSuccess", unmet)
        return StageResult(self._execution.ending or "Succeeded")

    def _run_groups(self, retry_mode: str | None) -> str | None:
        """Run the waves of the stage; what failed, or None."""
        for wave in group_by_run_order(self._stage.actions):
            if self._execution.ending:
                return self._execution.failure
            failed = self._run_group([each for each in wave if not self._is_done(each, retry_mode)])
            if failed:
                return failed
        return self._execution.failure if self._execution.ending else None

    def _run_group(self, actions: list[Action]) -> str | None:
        wave = self._execution.wave = RetryBarrier(len(actions))

        def run(action: Action) -> ActionState:
            while True:
                state = self._attempt(action)
                if not wave.wait_for_retry(failed=state.status == "Failed"):
                    return state

        states = self._run_concurrently(actions, run)
        return "; ".join(f"{self._stage.name}/{s.action.name}: {s.summary}" for s in states if s.status == "Failed")

    def _is_done(self, action: Action, retry_mode: str | None) -> bool:
        """A retry of the failed actions leaves alone what has succeeded."""
        state = self._execution.actions.get((self._stage.name, action.name))
        return retry_mode == FAILED_ACTIONS and state is not None and state.status == "Succeeded"

    def _run_concurrently(self, actions: list[Action], run: Callable[[Action], ActionState]) -> list[ActionState]:
        with ThreadPoolExecutor(max(len(actions), 1), thread_name_prefix=self._stage.name) as pool:
            return list(pool.map(run, actions))

    def _attempt(self, action: Action) -> ActionState:
        return Attempt(self._execution, self._stage.name, action, self._env, self._trace).run()

    def _wants_retry(self) -> bool:
        """Once, without a person; a manual retry that fails is not retried again."""
        rule = self._stage.on_failure
        unused = not (self._state.automatic_retries or self._state.manual_retries)
        return rule is not None and rule.result == "RETRY" and unused and not self._execution.ending

    def _wants_rollback(self) -> bool:
        rule = self._stage.on_failure
        if rule is None or self._execution.ending:
            return False
        if not rule.conditions:
            return rule.result == "ROLLBACK"
        unmet = self._find_unmet_condition("onFailure", rule.conditions)
        return unmet is not None and "ROLLBACK" in (unmet.result, rule.result)

    def _find_unmet_condition(self, kind: str, conditions: Iterable[Condition]) -> Condition | None:
        """The first condition with a rule that fails; all are met, or overridden, where this is None."""
        for condition in conditions:
            if (self._stage.name, kind) in self._execution.overridden:
                return None
            self._state.conditions[kind] = ConditionState("InProgress")
            states = self._run_concurrently(list(condition.rules), self._attempt)
            failed = [each for each in states if each.status != "Succeeded"]
            overridden = (self._stage.name, kind) in self._execution.overridden
            status = "Overridden" if overridden else _status(failed)
            summary = "; ".join(f"{each.action.name}: {each.summary}" for each in failed)
            self._state.conditions[kind] = ConditionState(status, summary)
            self._trace.write(
                "condition-checked",
                stage=self._stage.name,
                condition=kind,
                status=status,
                result=condition.result,
                summary=summary,
            )
            if failed and not overridden:
                return condition
        return None

    def _condition_failure(self, kind: str, condition: Condition) -> StageResult:
        why = f"{self._stage.name}: its {kind} condition is not met: {self._state.conditions[kind].summary}"
        return StageResult("Failed", why, rollback=condition.result == "ROLLBACK")

    @property
    def _state(self) -> StageState:
        return self._execution.stages[self._stage.name]


def _status(failed: list[ActionState]) -> str:
    if any(each.status == "Abandoned" for each in failed):
        return "Abandoned"
    if any(each.error_code != "JobFailed" for each in failed):
        return "Errored"
    return "Failed" if failed else "Succeeded"
