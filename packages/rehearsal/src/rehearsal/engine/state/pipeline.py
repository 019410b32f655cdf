"""A pipeline that is deployed: a frozen value, made from the events of the pipeline's own journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rehearsal.engine.model.definition import Pipeline, PipelineKey, parse
from rehearsal.engine.state.journal import Event


@dataclass(frozen=True)
class DisabledTransition:
    """Nothing passes the transition into a stage until it is enabled again."""

    reason: str
    by: str
    at: float


@dataclass(frozen=True)
class DeployedPipeline:
    """A pipeline as CloudFormation or the API made it; `declaration` is in the API's shape.

    id: of this creation, since a deleted pipeline's name may be used again. disabled: by the stage that is not entered.
    """

    key: PipelineKey
    declaration: Mapping[str, Any]
    pipeline: Pipeline
    id: str
    version: int
    created: float
    updated: float
    disabled: Mapping[str, DisabledTransition] = field(default_factory=dict)


def journal_path(folder: Path, key: PipelineKey) -> Path:
    """Return the journal of a pipeline. All pipelines that have had this name are in it, one after the other."""
    return folder / key.account / key.region / f"{key.name}.jsonl"


def fold(deployed: DeployedPipeline | None, event: Event) -> DeployedPipeline | None:
    """Return the pipeline after `event`: None before it is created and after it is deleted."""
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
            disabled = {stage: each for stage, each in deployed.disabled.items() if stage != event["stage"]}
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
