"""A deployed pipeline, as a frozen value that is folded from the events of the pipeline's journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rehearsal.engine.model.declaration import parse
from rehearsal.engine.model.definition import Declaration, Pipeline, PipelineKey
from rehearsal.engine.state.events import Event


@dataclass(frozen=True)
class DisabledTransition:
    """A disabled transition into a stage: who disabled it, why and when (seconds since 1970)."""

    reason: str
    by: str
    at: float


@dataclass(frozen=True)
class DeployedPipeline:
    """A pipeline that CloudFormation or the API has created; `declaration` is in the API's shape.

    id: unique, unlike the name, which a new pipeline may use after a deletion. disabled: stage -> its disabled
    transition.
    """

    key: PipelineKey
    declaration: Declaration
    pipeline: Pipeline
    id: str
    version: int
    created: float
    updated: float
    disabled: Mapping[str, DisabledTransition] = field(default_factory=dict)


def journal_path(folder: Path, key: PipelineKey) -> Path:
    """Return the path of a pipeline's journal; it holds all pipelines of this name, one after the other."""
    return folder / key.account / key.region / f"{key.name}.jsonl"


def fold(deployed: DeployedPipeline | None, event: Event) -> DeployedPipeline | None:
    """Return the pipeline after `event`; None before its creation and after its deletion."""
    if event["type"] == "pipeline-created":
        return _created(event)
    if event["type"] == "pipeline-deleted" or deployed is None:
        return None
    return _changed(deployed, event)


def _changed(deployed: DeployedPipeline, event: Event) -> DeployedPipeline:
    match event["type"]:
        case "pipeline-updated":
            return _updated(deployed, event)
        case "transition-disabled":
            transition = DisabledTransition(event["reason"], event["by"], event["at"])
            return replace(deployed, disabled={**deployed.disabled, event["stage"]: transition})
        case "transition-enabled":
            disabled = {stage: transition for stage, transition in deployed.disabled.items() if stage != event["stage"]}
            return replace(deployed, disabled=disabled)
    return deployed


def _created(event: Event) -> DeployedPipeline:
    declaration = event["declaration"]
    return DeployedPipeline(
        key=PipelineKey(event["account"], event["region"], declaration["name"]),
        declaration=declaration,
        pipeline=parse(declaration),
        id=event["id"],
        version=declaration["version"],
        created=event["at"],
        updated=event["at"],
    )


def _updated(deployed: DeployedPipeline, event: Event) -> DeployedPipeline:
    declaration = event["declaration"]
    pipeline = parse(declaration)
    stages = {stage.name for stage in pipeline.stages}
    return replace(
        deployed,
        declaration=declaration,
        pipeline=pipeline,
        version=declaration["version"],
        updated=event["at"],
        disabled={stage: transition for stage, transition in deployed.disabled.items() if stage in stages},
    )
