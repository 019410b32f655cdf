"""Loads pipelines and executions from their journals, so that a restarted engine can retry them and roll back to them.

The journals are the only saved state, so nothing else can be out of date. Journals of version 1 lack definitions,
variables and artifacts: their executions appear in `history` only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rehearsal.engine.model.definition import InvalidDefinition, Pipeline
from rehearsal.engine.state import journal
from rehearsal.engine.state import pipeline as pipelines
from rehearsal.engine.state.crash_recovery import end_interrupted_executions
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.fold import fold_all
from rehearsal.engine.state.pipeline import DeployedPipeline

# (pipeline id, version) -> definition
Definitions = Mapping[tuple[str, int], Pipeline]


@dataclass(frozen=True)
class Recovered:
    """The content of all journals. problems: a message for each one that could not be read."""

    pipelines: list[DeployedPipeline]
    executions: list[Execution]
    problems: list[str]

    def executions_of(self, deployed: DeployedPipeline) -> list[Execution]:
        """Return the executions of a pipeline, oldest first."""
        executions = [execution for execution in self.executions if execution.pipeline_id == deployed.id]
        return sorted(executions, key=lambda execution: execution.number)


def load(pipeline_folder: Path, execution_folder: Path) -> Recovered:
    """Read all journals. A damaged one is reported and left out."""
    deployed: list[DeployedPipeline] = []
    definitions: dict[tuple[str, int], Pipeline] = {}
    executions: list[Execution] = []
    problems: list[str] = []
    for path in sorted(pipeline_folder.glob("*/*/*.jsonl")):
        try:
            pipeline = _pipeline(journal.read(path), definitions)
        except (KeyError, TypeError, ValueError, InvalidDefinition) as error:
            problems.append(f"{path}: this pipeline cannot be read ({_words(error)}): deploy it again")
            continue
        if pipeline:
            deployed.append(pipeline)
    known = {pipeline.id for pipeline in deployed}
    end_interrupted_executions(execution_folder)
    for path in sorted(execution_folder.glob("*/journal.jsonl")):
        first = _first_event(path)
        if not first or first.get("v", 1) < journal.VERSION or first.get("pipeline_id") not in known:
            continue
        try:
            executions.append(_execution(path, first, definitions))
        except (KeyError, TypeError, ValueError) as error:
            problems.append(f"{path}: this execution cannot be read ({_words(error)}): it is in `history` only")
    return Recovered(deployed, executions, problems)


def _pipeline(events: list[Event], definitions: dict[tuple[str, int], Pipeline]) -> DeployedPipeline | None:
    """Return the pipeline after all events; add all its versions to `definitions`."""
    deployed: DeployedPipeline | None = None
    for event in events:
        deployed = pipelines.fold(deployed, event)
        if deployed:
            definitions[(deployed.id, deployed.version)] = deployed.pipeline
    return deployed


def _execution(path: Path, first: Event, definitions: Definitions) -> Execution:
    pipeline = definitions[(first["pipeline_id"], first["version"])]
    return fold_all(journal.read(path, progress=False), pipeline)


def _first_event(path: Path) -> Event | None:
    with path.open(encoding="utf-8", errors="replace") as file:
        try:
            event = json.loads(file.readline())
        except ValueError:
            return None
    return cast("Event", event) if isinstance(event, dict) else None


def _words(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)
