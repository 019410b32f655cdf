"""All pipelines and their executions: what starts, restarts, retries, rolls back and stops them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rehearsal.engine.endpoint import Endpoint
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import Json, PipelineKey, Stage, parse
from rehearsal.engine.model.redaction import redact_tokens
from rehearsal.engine.running import eligibility, follow_up, single_action
from rehearsal.engine.running.action_attempt import remove_discarded_files
from rehearsal.engine.running.pipeline_run import PipelineRun
from rehearsal.engine.running.stage_lock import SUPERSEDED, StageLock
from rehearsal.engine.running.stage_run import FAILED_ACTIONS
from rehearsal.engine.running.start_inputs import Revisions, describe_definition_change, resolve_pipeline_variables
from rehearsal.engine.state import snapshot
from rehearsal.engine.state.event_log import EventLog
from rehearsal.engine.state.execution import Environment, Execution
from rehearsal.engine.state.pipeline import DeployedPipeline

# Source: AWS CodePipeline user guide, "Quotas in AWS CodePipeline": executions of one pipeline that are not SUPERSEDED.
CONCURRENT = 50


class Engine:
    """Runs executions in threads of its own; every public method may be called from any thread."""

    def __init__(self, environment: Environment) -> None:
        self._env = environment
        self._lock = threading.RLock()
        self._stage_locks: dict[tuple[PipelineKey, str], StageLock] = {}
        self._threads: list[threading.Thread] = []
        self.pipelines: dict[PipelineKey, DeployedPipeline] = {}
        self.executions: dict[str, Execution] = {}

    def create(self, key: PipelineKey, declaration: Json) -> None:
        """Register a pipeline; CodePipeline would also start it once, which the caller decides here."""
        parse(declaration)
        with self._lock:
            self.pipelines[key] = DeployedPipeline(key, {**redact_tokens(declaration), "version": 1})

    def update(self, key: PipelineKey, declaration: Json, *, restart: bool) -> None:
        """Replace a definition: running executions are cancelled, and with `restart` the newest one starts again.

        An execution that is such a restart and changes the definition once more would go on for ever: it fails, with
        the difference of the two definitions.
        Source: AWS CodePipeline user guide, "Edit a pipeline"; API reference, PipelineExecution status `Cancelled`.
        """
        parse(declaration)
        with self._lock:
            deployed = self.pipelines[key]
            deployed.version += 1
            before = deployed.declaration
            deployed.declaration = {**redact_tokens(declaration), "version": deployed.version}
            deployed.updated = time.time()
            running = [each for each in self.executions_of(key) if each.status == "InProgress"]
            for execution in running:
                if execution.restart_of:
                    execution.finish_as("Failed", describe_definition_change(before, deployed.declaration), failed=True)
                else:
                    execution.finish_as("Cancelled", "the pipeline's definition was updated")
                    execution.restart_wanted = restart and execution is running[-1]

    def delete(self, key: PipelineKey) -> None:
        """Forget a pipeline; what runs of it is cancelled."""
        with self._lock:
            self.pipelines.pop(key, None)
            for execution in self.executions_of(key):
                if execution.status == "InProgress":
                    execution.finish_as("Cancelled", "the pipeline was deleted")
                    execution.restart_wanted = False
            for place in [place for place, lock in self._stage_locks.items() if place[0] == key and not lock.is_held]:
                del self._stage_locks[place]

    def executions_of(self, key: PipelineKey) -> list[Execution]:
        """The executions of one pipeline, oldest first."""
        return sorted((each for each in self.executions.values() if each.key == key), key=lambda each: each.number)

    def stage_lock(self, key: PipelineKey, stage: str) -> StageLock:
        """The lock of a stage, and the transition into it."""
        with self._lock:
            return self._stage_locks.setdefault((key, stage), StageLock())

    def save(self, path: Path) -> None:
        """Write every pipeline and its latest executions, for an engine that starts later."""
        with self._lock:
            snapshot.save(path, list(self.pipelines.values()), list(self.executions.values()), self._disabled())

    def load(self, path: Path) -> None:
        """Take over what `save` wrote; nothing where there is no such file."""
        saved = snapshot.load(path)
        for key, values in saved.pipelines:
            self.pipelines[key] = DeployedPipeline(key, **values)
        self.executions |= {each.id: each for each in saved.executions}
        for key, stage, reason, by in saved.disabled:
            self.stage_lock(key, stage).disable(reason, by)

    def start(
        self,
        key: PipelineKey,
        *,
        trigger: Mapping[str, str],
        variables: Mapping[str, str] | None = None,
        revisions: Revisions | None = None,
        restart_of: str | None = None,
        token: str = "",
    ) -> Execution:
        """Start an execution of the definition as it is now. Raises KeyError for an unknown pipeline.

        variables: values of pipeline variables; revisions: by source action, what it is to take in place of the newest.
        token: who starts twice with the same one gets the first execution.
        """
        with self._lock:
            if token and (before := [each for each in self.executions_of(key) if each.token == token]):
                return before[0]
            execution = self._create_execution(self.pipelines[key], trigger, variables or {})
            execution.restart_of, execution.wanted, execution.token = restart_of, revisions or {}, token
            self.executions[execution.id] = execution
            self._begin(execution, execution.pipeline.stages, None)
        return execution

    def stop(self, execution: Execution, reason: str, *, abandon: bool) -> None:
        """End an execution: with `abandon` its running actions are ended, else they are let end.

        Raises RequestRejected where it has ended already.
        Source: AWS CodePipeline user guide, "How pipeline executions are stopped".
        """
        if not execution.finish_as("Stopped", reason):
            raise RequestRejected("PipelineExecutionNotStoppableException", f"{execution.id} is {execution.status}")
        execution.restart_wanted = False
        trace = execution.trace
        if trace:
            trace.write("execution-stopping", abandon=abandon, reason=reason)
        if abandon:
            execution.abandon()

    def retry(self, execution: Execution, stage: str, mode: str) -> None:
        """Retry a failed execution at the stage that failed. Raises RequestRejected where that is not possible.

        mode: FAILED_ACTIONS or ALL_ACTIONS. While other actions of the stage still run, failed ones start at once.
        Source: AWS CodePipeline user guide, "Configuring stage retry for a failed stage or failed actions".
        """
        with self._lock:
            at_once = mode == FAILED_ACTIONS and execution.retry_while_running(stage)
            if not at_once:
                eligibility.check_retry(
                    self.pipelines[execution.key], self.executions_of(execution.key), execution, stage
                )
            state = execution.stages[stage]
            state.manual_retries, state.latest_retry = state.manual_retries + 1, "ManualStageRetry"
            if not at_once:
                execution.overridden.clear()
                self._resume(execution, stage, mode)

    def override(self, execution: Execution, stage: str, kind: str) -> None:
        """Go on as if the stage's conditions of `kind` were met: while they are checked, or after they have failed it.

        kind: beforeEntry or onSuccess. Raises RequestRejected where there is nothing to override.
        Source: AWS CodePipeline user guide, "Configure conditions for a stage"; API reference, OverrideStageCondition.
        """
        with self._lock:
            deployed, mine = self.pipelines[execution.key], self.executions_of(execution.key)
            checked = eligibility.check_override(deployed, mine, execution, stage, kind)
            execution.override(stage, kind)
            if execution.running:
                return
            checked.status = "Overridden"
            if kind == "onSuccess":  # what let it into the stage is not asked again
                execution.override(stage, "beforeEntry")
            self._resume(execution, stage, FAILED_ACTIONS)

    def rollback(self, key: PipelineKey, stage: str, target: Execution, *, automated: bool = False) -> Execution:
        """Run one stage with the artifacts and variables of `target`. Raises RequestRejected where it is not possible.

        Source: AWS CodePipeline user guide, "Configuring stage rollback".
        """
        with self._lock:
            deployed = self.pipelines[key]
            eligibility.check_rollback(deployed.pipeline, deployed.version, stage, target)
            kind = "AutomatedRollback" if automated else "ManualRollback"
            execution = self._derive_execution(deployed, target, kind)
            self._begin(execution, [each for each in execution.pipeline.stages if each.name == stage], None)
        return execution

    def run_single_action(self, key: PipelineKey, stage: str, action: str, target: Execution) -> Execution:
        """Run one action with the artifacts and variables of `target`; raises RequestRejected where that can't be done.

        It counts as a rollback, so that nothing is ever rolled back to it.
        """
        with self._lock:
            deployed = self.pipelines[key]
            single_action.input_artifacts(
                single_action.find_action(deployed.pipeline, stage, action), target, self.executions_of(key)
            )
            execution = self._derive_execution(deployed, target, "ManualRollback")
            execution.only = f"{stage}/{action}"
            self._begin(execution, single_action.single_action_stages(deployed.pipeline, execution.only), None)
        return execution

    def _derive_execution(self, deployed: DeployedPipeline, target: Execution, kind: str) -> Execution:
        """A new execution, with what another one had."""
        execution = self._create_execution(deployed, {"triggerType": kind, "triggerDetail": target.id}, None)
        execution.rollback_of = target.id
        execution.variables |= {name: dict(values) for name, values in target.variables.items()}
        execution.variables["codepipeline"] = {"PipelineExecutionId": execution.id}
        execution.artifacts, execution.revisions = dict(target.artifacts), list(target.revisions)
        self.executions[execution.id] = execution
        return execution

    @property
    def endpoint(self) -> Endpoint:
        return self._env.endpoint

    def close(self) -> None:
        """End every execution and wait for its threads."""
        for execution in list(self.executions.values()):
            with contextlib.suppress(RequestRejected):
                self.stop(execution, "the rehearsal was ended", abandon=True)
        for thread in self.threads():
            thread.join()

    def threads(self) -> Iterator[threading.Thread]:
        """Those of all executions, of the ones that are started meanwhile as well."""
        while self._threads:
            yield self._threads.pop(0)

    def _create_execution(
        self, deployed: DeployedPipeline, trigger: Mapping[str, str], variables: Mapping[str, str] | None
    ) -> Execution:
        """variables: None where they come from another execution."""
        pipeline = deployed.pipeline
        running = [each for each in self.executions_of(deployed.key) if each.running]
        if pipeline.execution_mode != SUPERSEDED and len(running) >= CONCURRENT:
            raise RequestRejected(
                "ConcurrentPipelineExecutionsLimitExceededException",
                f"{deployed.key.name} has {len(running)} executions; {CONCURRENT} are allowed at a time",
            )
        execution = Execution(
            key=deployed.key,
            pipeline=pipeline,
            declaration=deployed.declaration,
            version=deployed.version,
            number=max((each.number for each in self.executions.values()), default=0) + 1,
            trigger=trigger,
            variables={} if variables is None else {"variables": resolve_pipeline_variables(pipeline, variables)},
        )
        execution.variables["codepipeline"] = {"PipelineExecutionId": execution.id}
        return execution

    def _resume(self, execution: Execution, stage: str, mode: str) -> None:
        """Take a failed execution up again at `stage`; a rollback ends with it."""
        state = execution.stages[stage]
        state.attempt, state.status = state.attempt + 1, "InProgress"
        execution.reopen()
        names = [each.name for each in execution.pipeline.stages]
        remaining = list(execution.pipeline.stages[names.index(stage) :])
        if execution.rollback_of:
            remaining = single_action.single_action_stages(execution.pipeline, execution.only) or remaining[:1]
        self._begin(execution, remaining, mode)

    def _begin(self, execution: Execution, stages: Sequence[Stage], retry_mode: str | None) -> None:
        """Whoever started it finds it in its journal as soon as this returns."""
        journal = self._env.executions / execution.id / "journal.jsonl"
        trace = execution.trace = EventLog(execution, journal, self._env.listener)
        if retry_mode:
            stage, attempt = stages[0].name, execution.attempt
            trace.write("execution-resumed", stage=stage, retry_mode=retry_mode, attempt=attempt)
        else:
            trace.write_started()

        def gate(stage: str) -> StageLock:
            return self.stage_lock(execution.key, stage)

        walk = PipelineRun(execution, stages, gate, self._env, trace)
        walk.announce()
        name = f"execution-{execution.id[:8]}"
        thread = threading.Thread(target=self._run, args=(walk, trace, retry_mode), name=name)
        self._threads.append(thread)
        thread.start()

    def _run(self, walk: PipelineRun, trace: EventLog, retry_mode: str | None) -> None:
        execution = walk.execution
        restarted_as = rolled_back_as = None
        try:
            walk.run(retry_mode)
            restarted_as = follow_up.restart_after_update(self, execution)
            rolled_back_as = follow_up.roll_back_failed_stage(self, execution)
        finally:  # who follows the journal waits for this event
            trace.write_finished(restarted_as, rolled_back_as)
            trace.close()
            remove_discarded_files(self._env.executions / execution.id)

    def _disabled(self) -> list[tuple[PipelineKey, str, str, str]]:
        found = [(key, stage, gate.disabled) for (key, stage), gate in self._stage_locks.items()]
        return [(key, stage, each.reason, each.by) for key, stage, each in found if each]
