"""The engine: all pipelines and their executions, and the commands that start, retry, roll back and stop them.

Commands are messages to the engine's one thread. A command returns after its events are in the journal and the snapshot
with their effects is published. Reads use the last snapshot and never wait. docs/engine.md describes the guarantees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rehearsal.engine.action_api import Answer
from rehearsal.engine.endpoint import Endpoint
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.declaration import parse
from rehearsal.engine.model.definition import Declaration, PipelineKey
from rehearsal.engine.running import follow_up
from rehearsal.engine.running.context import Context
from rehearsal.engine.running.environment import Environment
from rehearsal.engine.running.notifier import Notifier
from rehearsal.engine.running.pipeline_executions import PipelineExecutions
from rehearsal.engine.running.pipeline_writer import PipelineWriter
from rehearsal.engine.running.scheduler import Scheduler, ThreadScheduler
from rehearsal.engine.running.start_inputs import Revisions
from rehearsal.engine.state import recovery
from rehearsal.engine.state.board import Board
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.pipeline import DeployedPipeline


class Engine:
    """The commands and reads of all pipelines. Every public method may be called from any thread.

    Actions and the listener may call it too.
    """

    def __init__(self, environment: Environment, scheduler: Scheduler | None = None) -> None:
        self._scheduler = scheduler or ThreadScheduler()
        self._context = Context(environment, self._scheduler, Board(), Notifier(environment.listener))
        self._writers: dict[PipelineKey, PipelineWriter] = {}
        self._deleted: list[PipelineWriter] = []
        self._is_closing = self._is_closed = False
        self._scheduler.run_after_each_message(self._publish)

    @property
    def endpoint(self) -> Endpoint:
        return self._context.env.endpoint

    @property
    def pipelines(self) -> Mapping[PipelineKey, DeployedPipeline]:
        """The pipelines in the last published snapshot."""
        return self._context.board.published.pipelines

    @property
    def executions(self) -> Mapping[str, Execution]:
        """The executions of all pipelines in the last published snapshot, by id."""
        return self._context.board.published.executions

    def executions_of(self, key: PipelineKey) -> list[Execution]:
        """Return the executions of one pipeline, oldest first, without those of a deleted pipeline of the same name."""
        published = self._context.board.published
        deployed = published.pipelines.get(key)
        executions = [
            execution
            for execution in published.executions.values()
            if deployed and execution.pipeline_id == deployed.id
        ]
        return sorted(executions, key=lambda execution: execution.number)

    def create(self, key: PipelineKey, declaration: Declaration) -> DeployedPipeline:
        """Register a pipeline. CodePipeline would also start it; here the caller does that.

        Raises RequestRejected where a pipeline of this name exists.
        """
        parse(declaration)
        return self._call(lambda: self._create(key, declaration))

    def update(self, key: PipelineKey, declaration: Declaration, *, restart: bool) -> DeployedPipeline:
        """Replace a definition and cancel running executions; with `restart`, start the newest of them again."""
        parse(declaration)

        def update() -> DeployedPipeline:
            writer = self._writer(key)
            writer.update(declaration, restart=restart)
            return writer.record.require()

        return self._call(update)

    def delete(self, key: PipelineKey) -> None:
        """Delete a pipeline, if it exists, and cancel its running executions."""
        self._call(lambda: self._delete(key))

    def disable_transition(self, key: PipelineKey, stage: str, reason: str, by: str) -> None:
        """Disable the transition into a stage: no execution enters it."""
        self._call(lambda: self._writer(key).disable_transition(stage, reason, by))

    def enable_transition(self, key: PipelineKey, stage: str) -> None:
        """Enable the transition into a stage."""
        self._call(lambda: self._writer(key).enable_transition(stage))

    def start(
        self,
        key: PipelineKey,
        *,
        trigger: Mapping[str, str],
        variables: Mapping[str, str] | None = None,
        revisions: Revisions | None = None,
        token: str = "",
    ) -> Execution:
        """Start an execution of the current definition. Raises RequestRejected for an unknown pipeline.

        variables: values of pipeline variables. revisions: source action -> revision to use instead of the newest.
        token: a client request token; a second start with the same token returns the first execution.
        """
        values, overrides = variables or {}, revisions or {}
        return self._call(
            lambda: self._executions(key).start(trigger=trigger, variables=values, revisions=overrides, token=token)
        )

    def stop(self, key: PipelineKey, execution: str, reason: str, *, abandon: bool) -> None:
        """Stop an execution after its running actions have ended; with `abandon`, end them too."""
        self._call(lambda: self._writer(key).stop(execution, reason, abandon=abandon))

    def retry(self, key: PipelineKey, execution: str, stage: str, mode: str) -> None:
        """Retry a failed execution at the stage that failed. Raises RequestRejected where that is not possible."""
        self._call(lambda: self._writer(key).retry(execution, stage, mode))

    def override(self, key: PipelineKey, execution: str, stage: str, kind: str) -> None:
        """Continue as if the stage's conditions of `kind` were met. kind: beforeEntry or onSuccess."""
        self._call(lambda: self._writer(key).override(execution, stage, kind))

    def rollback(self, key: PipelineKey, stage: str, target: str, *, caller: str = "") -> Execution:
        """Run one stage with the artifacts and variables of the execution `target`.

        Raises RequestRejected where that is not possible.
        """
        return self._call(lambda: self._executions(key).rollback(stage, target, follow_up.manual_rollback(caller)))

    def run_single_action(self, key: PipelineKey, stage: str, action: str, target: str) -> Execution:
        """Run one action with the artifacts and variables of the execution `target`."""
        return self._call(lambda: self._executions(key).run_single_action(stage, action, target))

    def answer(self, key: PipelineKey, stage: str, action: str, token: str, answer: Answer) -> str:
        """Answer an approval and return the id of its execution. An accepted answer is in the journal.

        Raises RequestRejected where no approval waits with this token.
        """
        return self._call(lambda: self._writer(key).answer(stage, action, token, answer))

    def load(self) -> list[str]:
        """Load the pipelines and executions from their journals; return a message for each that could not be read.

        Executions whose engine was killed are ended as Interrupted.
        """
        return self._call(self._load)

    def wait_until_idle(self, timeout: float | None = None) -> bool:
        """Wait until no execution runs and the listener has received all events. False after `timeout` seconds."""
        if not self._scheduler.wait_for(self._is_idle, timeout):
            return False
        self._context.notifier.flush()
        return True

    def close(self) -> None:
        """Stop every execution, and wait until all running actions have ended. A second call does nothing."""
        if self._is_closed:
            return
        self._call(self._stop_all)
        self.wait_until_idle()
        self._is_closed = True
        self._scheduler.close()
        for writer in self._writers.values():
            writer.record.close()
        self._context.notifier.close()

    def _call[Result](self, command: Callable[[], Result]) -> Result:
        if self._is_closed:
            raise RequestRejected("ConflictException", "the embedded AWS has ended")
        return self._scheduler.call(command)

    def _create(self, key: PipelineKey, declaration: Declaration) -> DeployedPipeline:
        if key in self._writers:
            raise RequestRejected("PipelineNameInUseException", f"a pipeline with the name {key.name} exists")
        writer = PipelineWriter(self._context, key)
        writer.executions.is_closing = self._is_closing
        writer.create(declaration)
        self._writers[key] = writer
        return writer.record.require()

    def _delete(self, key: PipelineKey) -> None:
        writer = self._writers.pop(key, None)
        if writer:
            self._deleted.append(writer)
            writer.delete()

    def _load(self) -> list[str]:
        env = self._context.env
        recovered = recovery.load(env.pipelines, env.executions)
        for deployed in recovered.pipelines:
            writer = self._writers[deployed.key] = PipelineWriter(self._context, deployed.key, deployed)
            self._context.board.put_pipeline(deployed.key, deployed)
            for execution in recovered.executions_of(deployed):
                writer.executions.add(execution)
        return recovered.problems

    def _stop_all(self) -> None:
        self._is_closing = True
        for writer in (*self._writers.values(), *self._deleted):
            writer.close()

    def _writer(self, key: PipelineKey) -> PipelineWriter:
        try:
            return self._writers[key]
        except KeyError:
            raise RequestRejected("PipelineNotFoundException", f"there is no pipeline {key.name}") from None

    def _executions(self, key: PipelineKey) -> PipelineExecutions:
        return self._writer(key).executions

    def _publish(self) -> None:
        """Publish the changes of a message; called after every message, in the engine's thread."""
        self._context.publish()
        self._deleted = [writer for writer in self._deleted if writer.executions.writers]

    def _is_idle(self) -> bool:
        return not any(execution.running for execution in self.executions.values())
