"""The executions of one pipeline: the start of new ones, and the search for known ones."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Unpack

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import Stage
from rehearsal.engine.running import eligibility, single_action
from rehearsal.engine.running.context import Context
from rehearsal.engine.running.execution_writer import ExecutionWriter, PipelinePort
from rehearsal.engine.running.pipeline_record import PipelineRecord
from rehearsal.engine.running.start_inputs import Revisions, describe_start, resolve_pipeline_variables
from rehearsal.engine.state.artifact_events import artifact_records
from rehearsal.engine.state.events import EventFields
from rehearsal.engine.state.execution import Execution


class PipelineExecutions:
    """The writers of all executions of a pipeline, by execution id, oldest first.

    port: receives the messages of the executions. is_closing: no execution starts any more.
    """

    def __init__(self, context: Context, record: PipelineRecord, port: PipelinePort) -> None:
        self.writers: dict[str, ExecutionWriter] = {}
        self.is_closing = False
        self._context, self._record, self._port = context, record, port
        self._number = 0

    @property
    def states(self) -> list[Execution]:
        """The executions, oldest first."""
        return [writer.state for writer in self.writers.values()]

    @property
    def running(self) -> list[ExecutionWriter]:
        return [writer for writer in self.writers.values() if writer.state.running]

    def find(self, id_: str) -> ExecutionWriter:
        """Return the writer of an execution. Raises RequestRejected for an unknown one."""
        if id_ not in self.writers:
            name = self._record.key.name
            raise RequestRejected("PipelineExecutionNotFoundException", f"{name} has no execution {id_}")
        return self.writers[id_]

    def add(self, state: Execution) -> None:
        """Add an execution of an earlier engine; the caller adds the oldest first."""
        self.writers[state.id] = ExecutionWriter(self._context, self._port, state)
        self._number = max(self._number, state.number)
        self._context.board.put_execution(state.id, state)

    def forget(self, id_: str) -> None:
        """Remove an execution from memory; its journal is kept."""
        del self.writers[id_]
        self._context.board.put_execution(id_, None)

    def check_open(self) -> None:
        """Raise RequestRejected while the engine closes."""
        if self.is_closing:
            raise RequestRejected("ConflictException", "the embedded AWS is ending: start it again, then repeat this")

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
        if token and (before := [state for state in self.states if state.origin.token == token]):
            return before[0]
        pipeline = self._record.require().pipeline
        resolved = {"variables": resolve_pipeline_variables(pipeline, variables)}
        writer = self._new_execution(
            trigger=trigger, variables=resolved, restart_of=restart_of, wanted=revisions, token=token
        )
        writer.begin(pipeline.stages)
        return writer.state

    def rollback(self, stage: str, target: str, trigger: Mapping[str, str]) -> Execution:
        """Run one stage with the artifacts and variables of the execution `target`.

        Raises RequestRejected where that is not possible.
        Source: AWS CodePipeline user guide, "Configuring stage rollback".
        """
        deployed, writer = self._record.require(), self.find(target)
        eligibility.check_rollback(deployed.pipeline, deployed.version, stage, writer.state)
        eligibility.check_files(writer.state, exist=writer.record.has_journal)
        stages = [candidate for candidate in deployed.pipeline.stages if candidate.name == stage]
        return self._derive(writer.state, trigger, stages)

    def run_single_action(self, stage: str, action: str, target: str) -> Execution:
        """Run one action with the artifacts and variables of the execution `target`.

        The new execution counts as a rollback, so that it never becomes the target of one. Raises RequestRejected where
        the action cannot run.
        """
        pipeline, state = self._record.require().pipeline, self.find(target).state
        single_action.input_artifacts(single_action.find_action(pipeline, stage, action), state, self.states)
        only = f"{stage}/{action}"
        stages = single_action.single_action_stages(pipeline, only)
        trigger = {"triggerType": "ManualRollback", "triggerDetail": state.id}
        return self._derive(state, trigger, stages, only=only)

    def _derive(
        self, target: Execution, trigger: Mapping[str, str], stages: Sequence[Stage], only: str = ""
    ) -> Execution:
        """Start an execution with the artifacts, variables and revisions of `target`."""
        writer = self._new_execution(
            trigger=trigger,
            variables=target.variables,
            rollback_of=target.id,
            only=only,
            artifacts=artifact_records(target.artifacts),
            revisions=[vars(revision) for revision in target.revisions],
        )
        writer.begin(stages)
        return writer.state

    def _new_execution(self, **fields: Unpack[EventFields]) -> ExecutionWriter:
        self.check_open()
        deployed = self._record.require()
        eligibility.check_concurrency(deployed.pipeline, len(self.running))
        self._number += 1
        state = Execution(str(uuid.uuid4()), pipeline=deployed.pipeline)
        writer = self.writers[state.id] = ExecutionWriter(self._context, self._port, state)
        writer.record.write("execution-started", **describe_start(deployed, state.id, self._number, **fields))
        return writer
