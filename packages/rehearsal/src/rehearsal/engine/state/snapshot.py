"""Pipelines and executions as a file, so that what was rehearsed yesterday can be retried or rolled back to today."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

from rehearsal.engine.action_api import Artifact, Outcome, Revision
from rehearsal.engine.model.definition import Action, ActionType, ArtifactStore, PipelineKey, parse
from rehearsal.engine.state.execution import ActionState, ConditionState, Execution, StageState
from rehearsal.host.atomic_write import write_json

SAVED_EXECUTIONS = 100
_PLAIN = ("version", "number", "trigger", "variables", "restart_of", "rollback_of", "id", "status", "summary")
_ALSO_PLAIN = ("started", "updated", "attempt", "stop_reason", "declaration", "only")
_WRITTEN = (Execution, StageState, ConditionState, ActionState, Action, Artifact, ArtifactStore, Outcome, Revision)
# The name of what is written here: it changes with every field, by itself.
FORMAT = hashlib.sha256(repr([[each.name for each in fields(kind)] for kind in _WRITTEN]).encode()).hexdigest()[:12]

Disabled = tuple[PipelineKey, str, str, str]


class Saved(Protocol):
    key: PipelineKey
    declaration: dict[str, Any]
    version: int
    created: float
    updated: float


@dataclass(frozen=True)
class Loaded:
    pipelines: list[tuple[PipelineKey, dict[str, Any]]]
    executions: list[Execution]
    disabled: list[Disabled]


def save(path: Path, pipelines: Iterable[Saved], executions: list[Execution], disabled: Iterable[Disabled]) -> None:
    """Keep the newest executions alone: a journal has the others."""
    kept = sorted(executions, key=lambda each: each.number)[-SAVED_EXECUTIONS:]
    names = ("declaration", "version", "created", "updated")
    write_json(
        path,
        {
            "pipelines": [
                {"key": asdict(each.key), **{name: getattr(each, name) for name in names}} for each in pipelines
            ],
            "executions": [_dump(each) for each in kept],
            "disabled": [[asdict(key), *others] for key, *others in disabled],
        },
    )


def load(path: Path) -> Loaded:
    """Nothing where there is no such file."""
    if not path.exists():
        return Loaded([], [], [])
    saved = json.loads(path.read_text())
    return Loaded(
        [(PipelineKey(**each.pop("key")), each) for each in saved["pipelines"]],
        [_execution(each) for each in saved["executions"]],
        [(PipelineKey(**key), stage, reason, by) for key, stage, reason, by in saved["disabled"]],
    )


def _dump(execution: Execution) -> dict[str, Any]:
    return {
        "key": asdict(execution.key),
        **{name: getattr(execution, name) for name in (*_PLAIN, *_ALSO_PLAIN)},
        "artifacts": {name: asdict(each) for name, each in execution.artifacts.items()},
        "revisions": [asdict(each) for each in execution.revisions],
        "stages": {name: asdict(each) for name, each in execution.stages.items()},
        "attempts": [asdict(each) for each in execution.attempts],
    }


def _execution(saved: Mapping[str, Any]) -> Execution:
    execution = Execution(
        key=PipelineKey(**saved["key"]),
        pipeline=parse(saved["declaration"]),
        **{name: saved[name] for name in (*_PLAIN, *_ALSO_PLAIN)},
        artifacts=_artifacts(saved["artifacts"]),
        revisions=[Revision(**each) for each in saved["revisions"]],
        stages={name: _stage(each) for name, each in saved["stages"].items()},
        attempts=[_attempt(each) for each in saved["attempts"]],
    )
    for state in execution.attempts:
        latest = execution.rules if state.action.is_rule else execution.actions
        latest[(state.stage, state.action.name)] = state
    return execution


def _artifacts(saved: Mapping[str, Any]) -> dict[str, Artifact]:
    return {name: Artifact(**{**each, "store": ArtifactStore(**each["store"])}) for name, each in saved.items()}


def _stage(saved: dict[str, Any]) -> StageState:
    conditions = {kind: ConditionState(**each) for kind, each in saved.pop("conditions").items()}
    return StageState(**saved, conditions=conditions)


def _attempt(saved: dict[str, Any]) -> ActionState:
    outcome = saved.pop("outcome")
    return ActionState(
        **{**saved, "action": _action(saved["action"]), "inputs": _artifacts(saved["inputs"])},
        outcome=_outcome(outcome) if outcome else None,
    )


def _action(saved: dict[str, Any]) -> Action:
    values = {each.name: saved[each.name] for each in fields(Action)}
    tuples = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Action(**{**values, **tuples, "type": ActionType(**saved["type"])})


def _outcome(saved: dict[str, Any]) -> Outcome:
    revision = saved.pop("revision")
    outputs = _artifacts(saved.pop("outputs"))
    return Outcome(**saved, outputs=outputs, revision=Revision(**revision) if revision else None)
