"""The last published snapshot of all pipelines and executions, which readers take without waiting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rehearsal.engine.model.definition import PipelineKey
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.pipeline import DeployedPipeline


@dataclass(frozen=True)
class Snapshot:
    """All pipelines and executions at one moment. Neither mapping is ever changed."""

    pipelines: Mapping[PipelineKey, DeployedPipeline] = field(default_factory=dict)
    executions: Mapping[str, Execution] = field(default_factory=dict)


class Board:
    """Collects the changes that one message makes, and publishes them together. Only the engine's thread writes."""

    def __init__(self) -> None:
        self.published = Snapshot()
        self._pipelines: dict[PipelineKey, DeployedPipeline | None] = {}
        self._executions: dict[str, Execution | None] = {}

    def put_pipeline(self, key: PipelineKey, pipeline: DeployedPipeline | None) -> None:
        """Set or remove a pipeline."""
        self._pipelines[key] = pipeline

    def put_execution(self, id_: str, execution: Execution | None) -> None:
        """Set or remove an execution."""
        self._executions[id_] = execution

    def publish(self) -> None:
        """Replace the snapshot by one with all changes since the last call."""
        if self._pipelines or self._executions:
            before = self.published
            self.published = Snapshot(
                _merge(before.pipelines, self._pipelines), _merge(before.executions, self._executions)
            )
            self._pipelines, self._executions = {}, {}


def _merge[Key, Value](before: Mapping[Key, Value], changes: Mapping[Key, Value | None]) -> Mapping[Key, Value]:
    if not changes:
        return before
    return {key: value for key, value in {**before, **changes}.items() if value is not None}
