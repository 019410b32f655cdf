"""An execution in one stage: entry conditions, waves of actions, and what follows success or failure.

Sources: AWS CodePipeline user guide, "How do stage conditions work?", "Configuring stage retry for a failed stage or
failed actions", "Configuring stage rollback".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rehearsal.engine.attempt import Attempt
from rehearsal.engine.definition import Action, Condition, Stage
from rehearsal.engine.execution import ActionState, ConditionState, Environment, Execution, StageState
from rehearsal.engine.ordering import waves
from rehearsal.engine.trace import Trace
from rehearsal.engine.wave import Wave

FAILED_ACTIONS = "FAILED_ACTIONS"


@dataclass(frozen=True)
class StageEnd:
    """`status` is one of StageExecutionStatus; `failure` says what failed; `rollback`: it is to be rolled back."""

    status: str
    failure: str | None = None
    rollback: bool = False

    @property
    def goes_on(self) -> bool:
        return self.status in ("Succeeded", "Skipped")


class StageRun:
    """One visit of an execution to a stage. `retry_mode` is None on the first visit."""

    def __init__(self, execution: Execution, stage: Stage, env: Environment, trace: Trace) -> None:
        self._execution, self._stage, self._env, self._trace = execution, stage, env, trace

    def run(self, retry_mode: str | None) -> StageEnd:
        """Run the stage, with the one automatic retry that it may have."""
        end = self._once(retry_mode)
        if end.status == "Failed" and self._wants_retry():
            state = self._state
            state.automatic_retries, state.attempt, state.latest_retry = 1, state.attempt + 1, "AutomatedStageRetry"
            self._trace.write("stage-retried", stage=self._stage.name, attempt=state.attempt, failure=end.failure)
            mode = self._stage.on_failure.retry_mode if self._stage.on_failure else FAILED_ACTIONS
            end = self._once(mode)
        if end.status == "Failed" and not end.rollback:
            end = StageEnd(end.status, end.failure, rollback=self._wants_rollback())
        return end

    def _once(self, retry_mode: str | None) -> StageEnd:
        refused = self._first_unmet("beforeEntry", self._stage.before_entry)
        if refused and not self._execution.ending:
            return StageEnd("Skipped") if refused.result == "SKIP" else self._unmet("beforeEntry", refused)
        failed = self._waves(retry_mode)
        if failed:
            return StageEnd("Failed", failed)
        if not self._execution.ending:
            unmet = self._first_unmet("onSuccess", self._stage.on_success)
            if unmet and not self._execution.ending:
                return self._unmet("onSuccess", unmet)
        return StageEnd(self._execution.ending or "Succeeded")

    def _waves(self, retry_mode: str | None) -> str | None:
        """Run the waves of the stage; what failed, or None."""
        for wave in waves(self._stage.actions):
            if self._execution.ending:
                return self._execution.failure
            failed = self._wave([each for each in wave if not self._is_done(each, retry_mode)])
            if failed:
                return failed
        return self._execution.failure if self._execution.ending else None

    def _wave(self, actions: list[Action]) -> str | None:
        wave = self._execution.wave = Wave(len(actions))

        def run(action: Action) -> ActionState:
            while True:
                state = self._attempt(action)
                if not wave.again(failed=state.status == "Failed"):
                    return state

        states = self._together(actions, run)
        return "; ".join(f"{self._stage.name}/{s.action.name}: {s.summary}" for s in states if s.status == "Failed")

    def _is_done(self, action: Action, retry_mode: str | None) -> bool:
        """A retry of the failed actions leaves alone what has succeeded."""
        state = self._execution.actions.get((self._stage.name, action.name))
        return retry_mode == FAILED_ACTIONS and state is not None and state.status == "Succeeded"

    def _together(self, actions: list[Action], run: Callable[[Action], ActionState]) -> list[ActionState]:
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
        unmet = self._first_unmet("onFailure", rule.conditions)
        return unmet is not None and "ROLLBACK" in (unmet.result, rule.result)

    def _first_unmet(self, kind: str, conditions: Iterable[Condition]) -> Condition | None:
        """The first condition with a rule that fails; all are met, or overridden, where this is None."""
        for condition in conditions:
            if (self._stage.name, kind) in self._execution.overridden:
                return None
            self._state.conditions[kind] = ConditionState("InProgress")
            states = self._together(list(condition.rules), self._attempt)
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

    def _unmet(self, kind: str, condition: Condition) -> StageEnd:
        why = f"{self._stage.name}: its {kind} condition is not met: {self._state.conditions[kind].summary}"
        return StageEnd("Failed", why, rollback=condition.result == "ROLLBACK")

    @property
    def _state(self) -> StageState:
        return self._execution.stages[self._stage.name]


def _status(failed: list[ActionState]) -> str:
    if any(each.status == "Abandoned" for each in failed):
        return "Abandoned"
    if any(each.error_code != "JobFailed" for each in failed):
        return "Errored"
    return "Failed" if failed else "Succeeded"
