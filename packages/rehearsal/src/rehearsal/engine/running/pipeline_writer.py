"""The writer of one pipeline: only it changes the definition, version, transitions, stage locks and list of executions.

Its methods are called in the engine's thread, as commands of the API and as messages of its executions. It calls the
writers of its executions directly; they send messages to it.
"""

from __future__ import annotations

import logging
import uuid
from typing import Unpack

from rehearsal.engine.action_api import Answer
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import Declaration, PipelineKey
from rehearsal.engine.model.redaction import redact_tokens
from rehearsal.engine.running import eligibility, follow_up, retention, single_action
from rehearsal.engine.running.context import Context
from rehearsal.engine.running.execution_writer import ExecutionWriter
from rehearsal.engine.running.pipeline_executions import PipelineExecutions
from rehearsal.engine.running.pipeline_record import PipelineRecord
from rehearsal.engine.running.stage_locks import StageLocks
from rehearsal.engine.running.stage_run import FAILED_ACTIONS
from rehearsal.engine.running.start_inputs import describe_definition_change
from rehearsal.engine.state.events import EventFields
from rehearsal.engine.state.pipeline import DeployedPipeline

log = logging.getLogger(__name__)


class PipelineWriter:
    """Owns the record, the executions and the stage locks of one pipeline."""

    def __init__(self, context: Context, key: PipelineKey, deployed: DeployedPipeline | None = None) -> None:
        self.record = PipelineRecord(context, key, deployed)
        self.executions = PipelineExecutions(context, self.record, self)
        self._locks = StageLocks(self.executions.writers, self.record.is_disabled)

    def create(self, declaration: Declaration) -> None:
        """Write the pipeline's first version."""
        self.record.write(
            "pipeline-created",
            id=str(uuid.uuid4()),
            account=self.record.key.account,
            region=self.record.key.region,
            declaration={**redact_tokens(declaration), "version": 1},
        )

    def update(self, declaration: Declaration, *, restart: bool) -> None:
        """Replace the definition and cancel running executions; with `restart`, start the newest of them again.

        Running actions run to their end. An approval that waits in a removed stage is abandoned. A restarted execution
        that changes the definition again would loop for ever: it fails, with a diff of the two definitions.
        Source: AWS CodePipeline user guide, "Edit a pipeline"; API reference, PipelineExecution status `Cancelled`.
        """
        before = self.record.require()
        after = {**redact_tokens(declaration), "version": before.version + 1}
        self.record.write("pipeline-updated", declaration=after, restart=restart)
        running = [writer for writer in self.executions.running if writer.state.status == "InProgress"]
        for writer in running:
            abandoned = writer.attempts.approvals_outside(self.record.require().pipeline)
            if writer.state.origin.restart_of:
                difference = describe_definition_change(before.declaration, after, self.record.journal_name)
                writer.end_as("Failed", difference, abandon=abandoned)
            else:
                writer.end_as("Cancelled", "the pipeline's definition was updated", abandon=abandoned)
                writer.restart_wanted = restart and writer is running[-1]

    def delete(self) -> None:
        """Delete the pipeline, cancel its running executions and abandon their actions."""
        self.record.write("pipeline-deleted")
        self.record.close()
        for writer in self.executions.running:
            writer.restart_wanted = False
            if writer.state.status == "InProgress":
                writer.end_as("Cancelled", "the pipeline was deleted", abandon=list(writer.attempts.running))
        for execution in [writer.state.id for writer in self.executions.writers.values() if not writer.state.running]:
            self.executions.forget(execution)

    def disable_transition(self, stage: str, reason: str, by: str) -> None:
        """Disable the transition into a stage."""
        self.record.write("transition-disabled", stage=stage, reason=reason, by=by)

    def enable_transition(self, stage: str) -> None:
        """Enable the transition into a stage; without effect where it is enabled."""
        if self.record.is_disabled(stage):
            self.record.write("transition-enabled", stage=stage)
            self._locks.admit(stage)

    def stop(self, execution: str, reason: str, *, abandon: bool) -> None:
        self.executions.find(execution).stop(reason, abandon=abandon)

    def retry(self, execution: str, stage: str, mode: str) -> None:
        """Retry a failed execution at the stage that failed. Raises RequestRejected where that is not possible.

        mode: FAILED_ACTIONS or ALL_ACTIONS. While other actions of the stage still run, failed ones start immediately.
        Source: AWS CodePipeline user guide, "Configuring stage retry for a failed stage or failed actions".
        """
        self.executions.check_open()
        writer = self.executions.find(execution)
        if mode == FAILED_ACTIONS and writer.retry_while_running(stage):
            return
        eligibility.check_retry(self.record.require(), self.executions.states, writer.state, stage)
        self._resume(writer, stage, mode)

    def override(self, execution: str, stage: str, kind: str) -> None:
        """Continue as if the stage's conditions of `kind` were met, while they are checked or after they have failed.

        kind: beforeEntry or onSuccess. Raises RequestRejected where there is nothing to override.
        Source: AWS CodePipeline user guide, "Configure conditions for a stage"; API reference, OverrideStageCondition.
        """
        self.executions.check_open()
        writer = self.executions.find(execution)
        eligibility.check_override(self.record.require(), self.executions.states, writer.state, stage, kind)
        if writer.state.running:
            writer.override(stage, kind)
            return
        # An override of onSuccess resumes the stage, whose entry conditions have been met already.
        overridden = ["onSuccess", "beforeEntry"] if kind == "onSuccess" else [kind]
        self._resume(writer, stage, FAILED_ACTIONS, condition=kind, overridden=overridden)

    def answer(self, stage: str, action: str, token: str, answer: Answer) -> str:
        """Answer the approval that waits with this token, and return the id of its execution."""
        for writer in self.executions.running:
            if writer.attempts.answer(stage, action, token, answer):
                return writer.state.id
        waiting = any(writer.attempts.is_asking(stage, action) for writer in self.executions.running)
        problem = "the token belongs to another wait of" if waiting else "nothing waits for"
        raise RequestRejected("InvalidApprovalTokenException", f"{problem} this approval, {stage}/{action}")

    def close(self) -> None:
        """Stop every execution, and refuse new ones."""
        self.executions.is_closing = True
        for writer in self.executions.running:
            if not writer.state.abandoned:
                writer.stop("the rehearsal was ended", abandon=True)

    def request_stage(self, execution: str, stage: str) -> None:
        """Message of an execution before its first stage."""
        self._locks.enter(execution, stage)

    def leave_stage(self, execution: str, stage: str, following: str) -> None:
        """Message of an execution between two stages."""
        self._locks.enter(execution, following, leaving=stage)

    def execution_ended(self, execution: str) -> None:
        """Message of an execution without running attempts: start what follows it, then finish it."""
        writer = self.executions.writers[execution]
        try:
            follow = follow_up.start_what_follows(self.record.deployed, self.executions, writer)
        except Exception as error:  # the execution has to end in any case: followers wait for its last event
            log.exception("what follows execution %s", execution)
            follow = follow_up.FollowUp(note=f"; the rehearsal's engine failed ({error}); its log says more")
        writer.finish(restarted_as=follow.restarted_as, rolled_back_as=follow.rolled_back_as, note=follow.note)
        self._locks.leave(execution)
        if self.record.deployed is None:
            self.executions.forget(execution)
        else:
            for id_ in retention.surplus(self.executions.states, self.record.deployed.version):
                self.executions.forget(id_)

    def _resume(self, writer: ExecutionWriter, stage: str, mode: str, /, **fields: Unpack[EventFields]) -> None:
        """Resume a failed execution at `stage`; a rollback runs this stage only."""
        state = writer.state
        eligibility.check_files_for_retry(state, exist=writer.record.has_journal)
        event: EventFields = {"stage": stage, "retry_mode": mode, "attempt": state.attempt + 1, **fields}
        writer.record.write("execution-resumed", **event)
        names = [declared.name for declared in state.pipeline.stages]
        remaining = list(state.pipeline.stages[names.index(stage) :])
        if state.origin.rollback_of:
            remaining = single_action.single_action_stages(state.pipeline, state.origin.only) or remaining[:1]
        writer.begin(remaining, mode)
