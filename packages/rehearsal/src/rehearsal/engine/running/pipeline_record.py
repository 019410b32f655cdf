"""A deployed pipeline and its journal."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import PipelineKey
from rehearsal.engine.running.context import Context
from rehearsal.engine.state import pipeline as pipelines
from rehearsal.engine.state.events import EventFields
from rehearsal.engine.state.journal import Journal
from rehearsal.engine.state.pipeline import DeployedPipeline


class PipelineRecord:
    """Appends events to the journal of a pipeline, and folds them into its state.

    deployed: None before the pipeline's creation, and after its deletion, while its last executions end.
    """

    def __init__(self, context: Context, key: PipelineKey, deployed: DeployedPipeline | None) -> None:
        self.key, self.deployed = key, deployed
        self._context = context
        self._journal: Journal | None = None

    @property
    def journal_name(self) -> str:
        return self._journal_path.name

    @property
    def _journal_path(self) -> Path:
        return pipelines.journal_path(self._context.env.pipelines, self.key)

    def require(self) -> DeployedPipeline:
        """Return the deployed pipeline. Raises RequestRejected where there is none."""
        if self.deployed is None:
            raise RequestRejected("PipelineNotFoundException", f"there is no pipeline {self.key.name}")
        return self.deployed

    def is_disabled(self, stage: str) -> bool:
        """Whether the transition into a stage is disabled."""
        return self.deployed is not None and stage in self.deployed.disabled

    def write(self, type_: str, /, **fields: Unpack[EventFields]) -> None:
        """Append an event to the journal, fold it into the state, and queue the state for publication."""
        if self._journal is None:
            self._journal = Journal(self._journal_path)
        self.deployed = pipelines.fold(self.deployed, self._journal.write(type_, **fields))
        self._context.board.put_pipeline(self.key, self.deployed)

    def close(self) -> None:
        """Close the journal; a later event opens it again."""
        if self._journal:
            self._journal.close()
            self._journal = None
