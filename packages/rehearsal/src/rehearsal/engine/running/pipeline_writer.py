"""The writer of one pipeline: only it changes the definition, version, transitions, stage locks and list of executions.

Its methods are called in the engine's thread, as commands of the API and as messages of its executions. It calls the
writers of its executions directly; they send messages to it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Unpack

from rehearsal.engine.action_api import Answer
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import Json, PipelineKey, Stage
from rehearsal.engine.model.redaction import redact_tokens
from rehearsal.engine.running import eligibility, follow_up, retention, single_action
from rehearsal.engine.running.context import Context
from rehearsal.engine.running.execution_writer import ExecutionWriter
from rehearsal.engine.running.stage_locks import StageLocks
from rehearsal.engine.running.stage_run import FAILED_ACTIONS
from rehearsal.engine.running.start_inputs import (
    Revisions,
    describe_definition_change,
    describe_start,
    resolve_pipeline_variables,
)
from rehearsal.engine.state import pipeline as pipelines
from rehearsal.engine.state.artifact_events import places
from rehearsal.engine.state.events import EventFields
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.journal import Journal
from rehearsal.engine.state.pipeline import DeployedPipeline

log = logging.getLogger(__name__)


class PipelineWriter:
    """Owns one pipeline. deployed: None after the pipeline's deletion, while its last executions end."""

    def __init__(self, context: Context, key: PipelineKey, deployed: DeployedPipeline | None = None) -> None:
        self.key, self.deployed = key, deployed
        self.executions: dict[str, ExecutionWriter] = {}
        self.is_closing = False
        self._context = context
        self._locks = StageLocks(self.executions, self._is_disabled)
        self._journal: Journal | None = None
        self._number = 0

    @property
    def states(self) -> list[Execution]:
        """Its executions, oldest first."""
        return [writer.state for writer in self.executions.values()]

    @property
    def running(self) -> list[ExecutionWriter]:
        return [writer for writer in self.executions.values() if writer.state.running]

    def create(self, declaration: Json) -> None:
        """Write the pipeline's first version."""
        self._write(
            "pipeline-created",
            id=str(uuid.uuid4()),
            account=self.key.account,
            region=self.key.region,
            declaration={**redact_tokens(declaration), "version": 1},
        )

    def update(self, declaration: Json, *, restart: bool) -> None:
        """Replace the definition and cancel running executions; with `restart`, start the newest of them again.

        Running actions run to their end. An approval that waits in a removed stage is abandoned. A restarted execution
        that changes the definition again would loop for ever: it fails, with a diff of the two definitions.
        Source: AWS CodePipeline user guide, "Edit a pipeline"; API reference, PipelineExecution status `Cancelled`.
        """
        before = self.require()
        after = {**redact_tokens(declaration), "version": before.version + 1}
        self._write("pipeline-updated", declaration=after, restart=restart)
        running = [writer for writer in self.running if writer.state.status == "InProgress"]
        for writer in running:
            abandoned = writer.attempts.approvals_outside(self.require().pipeline)
            if writer.state.restart_of:
                writer.end_as("Failed", describe_definition_change(before.declaration, after), abandon=abandoned)
            else:
                writer.end_as("Cancelled", "the pipeline's definition was updated", abandon=abandoned)
                writer.restart_wanted = restart and writer is running[-1]

    def delete(self) -> None:
        """Delete the pipeline, cancel its running executions and abandon their actions."""
        self._write("pipeline-deleted")
        self._close_journal()
        for writer in self.running:
            writer.restart_wanted = False
            if writer.state.status == "InProgress":
                writer.end_as("Cancelled", "the pipeline was deleted", abandon=list(writer.attempts.running))
        for execution in [writer.state.id for writer in self.executions.values() if not writer.state.running]:
            self._forget(execution)

    def disable_transition(self, stage: str, reason: str, by: str) -> None:
        """Disable the transition into a stage."""
        self._write("transition-disabled", stage=stage, reason=reason, by=by)

    def enable_transition(self, stage: str) -> None:
        """Enable the transition into a stage; without effect where it is enabled."""
        if self.deployed and stage in self.deployed.disabled:
            self._write("transition-enabled", stage=stage)
            self._locks.admit(stage)

    def start(
        self,
        *,
        trigger: Mapping[str, str],
        variables: Mapping[str, str],
        revisions: Revisions,
        restart_of: str | None = None,
        token: str = "",
    ) -> Execution:
        """Start an execution of the current definition; return the first one for a `token` that was used before."""
        if token and (before := [state for state in self.states if state.token == token]):
            return before[0]
        pipeline = self.require().pipeline
        resolved = {"variables": resolve_pipeline_variables(pipeline, variables)}
        writer = self._new_execution(
            trigger=trigger, variables=resolved, restart_of=restart_of, wanted=revisions, token=token
        )
        writer.begin(pipeline.stages)
        return writer.state

    def stop(self, execution: str, reason: str, *, abandon: bool) -> None:
        self._execution(execution).stop(reason, abandon=abandon)

    def retry(self, execution: str, stage: str, mode: str) -> None:
        """Retry a failed execution at the stage that failed. Raises RequestRejected where that is not possible.

        mode: FAILED_ACTIONS or ALL_ACTIONS. While other actions of the stage still run, failed ones start immediately.
        Source: AWS CodePipeline user guide, "Configuring stage retry for a failed stage or failed actions".
        """
        self._check_open()
        writer = self._execution(execution)
        if mode == FAILED_ACTIONS and writer.retry_beside_running(stage):
            return
        eligibility.check_retry(self.require(), self.states, writer.state, stage)
        self._resume(writer, stage, mode)

    def override(self, execution: str, stage: str, kind: str) -> None:
        """Continue as if the stage's conditions of `kind` were met, while they are checked or after they have failed.

        kind: beforeEntry or onSuccess. Raises RequestRejected where there is nothing to override.
        Source: AWS CodePipeline user guide, "Configure conditions for a stage"; API reference, OverrideStageCondition.
        """
        self._check_open()
        writer = self._execution(execution)
        eligibility.check_override(self.require(), self.states, writer.state, stage, kind)
        if writer.state.running:
            writer.override(stage, kind)
            return
        # An override of onSuccess resumes the stage, whose entry conditions have been met already.
        overridden = ["onSuccess", "beforeEntry"] if kind == "onSuccess" else [kind]
        self._resume(writer, stage, FAILED_ACTIONS, condition=kind, overridden=overridden)

    def rollback(self, stage: str, target: str, trigger: Mapping[str, str]) -> Execution:
        """Run one stage with the artifacts and variables of the execution `target`.

        Raises RequestRejected where that is not possible.
        Source: AWS CodePipeline user guide, "Configuring stage rollback".
        """
        deployed, writer = self.require(), self._execution(target)
        eligibility.check_rollback(deployed.pipeline, deployed.version, stage, writer.state)
        eligibility.check_files(writer.state, there=writer.has_journal)
        stages = [each for each in deployed.pipeline.stages if each.name == stage]
        return self._derive(writer.state, trigger, stages)

    def run_single_action(self, stage: str, action: str, target: str) -> Execution:
        """Run one action with the artifacts and variables of the execution `target`.

        The new execution counts as a rollback, so that it never becomes the target of one. Raises RequestRejected where
        the action cannot run.
        """
        pipeline, state = self.require().pipeline, self._execution(target).state
        single_action.input_artifacts(single_action.find_action(pipeline, stage, action), state, self.states)
        only = f"{stage}/{action}"
        stages = single_action.single_action_stages(pipeline, only)
        trigger = {"triggerType": "ManualRollback", "triggerDetail": state.id}
        return self._derive(state, trigger, stages, only=only)

    def answer(self, stage: str, action: str, token: str, answer: Answer) -> str:
        """Answer the approval that waits with this token, and return the id of its execution."""
        for writer in self.running:
            if writer.attempts.answer(stage, action, token, answer):
                return writer.state.id
        waiting = any(writer.attempts.is_asking(stage, action) for writer in self.running)
        why = "the token belongs to another wait of" if waiting else "nothing waits for"
        raise RequestRejected("InvalidApprovalTokenException", f"{why} this approval, {stage}/{action}")

    def add(self, writer: ExecutionWriter) -> None:
        """Add an execution of an earlier engine; the caller adds the oldest first."""
        self.executions[writer.state.id] = writer
        self._number = max(self._number, writer.state.number)
        self._context.board.put_execution(writer.state.id, writer.state)

    def close(self) -> None:
        """Stop every execution, and refuse new ones."""
        self.is_closing = True
        for writer in self.running:
            if not writer.state.abandoned:
                writer.stop("the rehearsal was ended", abandon=True)

    def close_files(self) -> None:
        """Close the pipeline's journal, after the end of the last execution."""
        self._close_journal()

    def request_stage(self, execution: str, stage: str) -> None:
        """Message of an execution before its first stage."""
        self._locks.enter(execution, stage)

    def leave_stage(self, execution: str, stage: str, following: str) -> None:
        """Message of an execution between two stages."""
        self._locks.enter(execution, following, leaving=stage)

    def execution_ended(self, execution: str) -> None:
        """Message of an execution without running attempts: start what follows it, then finish it."""
        writer = self.executions[execution]
        try:
            follow = follow_up.start_what_follows(self, writer)
        except Exception as error:  # the execution has to end in any case: followers wait for its last event
            log.exception("what follows execution %s", execution)
            follow = follow_up.FollowUp(note=f"; the rehearsal's engine failed ({error}); its log says more")
        writer.finish(restarted_as=follow.restarted_as, rolled_back_as=follow.rolled_back_as, note=follow.note)
        self._locks.leave(execution)
        if self.deployed is None:
            self._forget(execution)
        else:
            for id_ in retention.surplus(self.states, self.deployed.version):
                self._forget(id_)

    def _resume(self, writer: ExecutionWriter, stage: str, mode: str, /, **fields: Unpack[EventFields]) -> None:
        """Resume a failed execution at `stage`; a rollback runs this stage only."""
        state = writer.state
        eligibility.check_files_for_retry(state, there=writer.has_journal)
        event: EventFields = {"stage": stage, "retry_mode": mode, "attempt": state.attempt + 1, **fields}
        writer.write("execution-resumed", **event)
        names = [each.name for each in state.pipeline.stages]
        remaining = list(state.pipeline.stages[names.index(stage) :])
        if state.rollback_of:
            remaining = single_action.single_action_stages(state.pipeline, state.only) or remaining[:1]
        writer.begin(remaining, mode)

    def _derive(
        self, target: Execution, trigger: Mapping[str, str], stages: Sequence[Stage], only: str = ""
    ) -> Execution:
        """Start an execution with the artifacts, variables and revisions of `target`."""
        writer = self._new_execution(
            trigger=trigger,
            variables=target.variables,
            rollback_of=target.id,
            only=only,
            artifacts=places(target.artifacts),
            revisions=[vars(revision) for revision in target.revisions],
        )
        writer.begin(stages)
        return writer.state

    def _new_execution(self, **fields: Unpack[EventFields]) -> ExecutionWriter:
        self._check_open()
        deployed, id_ = self.require(), str(uuid.uuid4())
        eligibility.check_concurrency(deployed.pipeline, len(self.running))
        self._number += 1
        writer = self.executions[id_] = ExecutionWriter(self._context, self, Execution(id_, pipeline=deployed.pipeline))
        writer.write("execution-started", **describe_start(deployed, id_, self._number, **fields))
        return writer

    def _is_disabled(self, stage: str) -> bool:
        return self.deployed is not None and stage in self.deployed.disabled

    def _check_open(self) -> None:
        if self.is_closing:
            raise RequestRejected("ConflictException", "the embedded AWS is ending: start it again, then repeat this")

    def require(self) -> DeployedPipeline:
        if self.deployed is None:
            raise RequestRejected("PipelineNotFoundException", f"there is no pipeline {self.key.name}")
        return self.deployed

    def _execution(self, id_: str) -> ExecutionWriter:
        if id_ not in self.executions:
            raise RequestRejected("PipelineExecutionNotFoundException", f"{self.key.name} has no execution {id_}")
        return self.executions[id_]

    def _write(self, type_: str, /, **fields: Unpack[EventFields]) -> None:
        if self._journal is None:
            self._journal = Journal(pipelines.journal_path(self._context.env.pipelines, self.key))
        self.deployed = pipelines.fold(self.deployed, self._journal.write(type_, **fields))
        self._context.board.put_pipeline(self.key, self.deployed)

    def _close_journal(self) -> None:
        if self._journal:
            self._journal.close()
            self._journal = None

    def _forget(self, execution: str) -> None:
        del self.executions[execution]
        self._context.board.put_execution(execution, None)
