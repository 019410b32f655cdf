"""Runs of a single action with the artifacts of an earlier execution; CodePipeline has no such feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rehearsal.engine.action_api import Artifact
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import Action, Pipeline, Stage
from rehearsal.engine.state.execution import Execution


def find_action(pipeline: Pipeline, stage: str, name: str) -> Action:
    """Return an action of the current definition. Raises RequestRejected for unknown actions and source actions."""
    known = [(stage.name, action) for stage in pipeline.stages for action in stage.actions]
    for where, action in known:
        if (where, action.name) == (stage, name):
            if action.type.category == "Source":
                raise RequestRejected(
                    "ValidationException", f"{stage}/{name} is a source action: `run` starts all actions"
                )
            return action
    names = ", ".join(f"{where}/{action.name}" for where, action in known)
    raise RequestRejected("ActionNotFoundException", f"{pipeline.name} has no {stage}/{name}; there are {names}")


def input_artifacts(action: Action, target: Execution, executions: Sequence[Execution]) -> Mapping[str, Artifact]:
    """Return the action's input artifacts from `target`. Raises RequestRejected while `target` runs or lacks one."""
    lacking = [name for name in action.inputs if name not in target.artifacts]
    if target.running or lacking:
        others = [
            execution.id
            for execution in reversed(executions)
            if not (execution.running or execution is target) and {*action.inputs} <= execution.artifacts.keys()
        ]
        reason = f"has no {', '.join(lacking)}" if lacking else f"is still {target.status}"
        remedy = f"choose one with `--execution`: {', '.join(others[:5])}" if others else "`run` starts all actions"
        inputs = ", ".join(action.inputs) or "no artifact"
        raise RequestRejected(
            "ValidationException", f"{action.name} needs {inputs}, and execution {target.id} {reason}; {remedy}"
        )
    return {name: target.artifacts[name] for name in action.inputs}


def single_action_stages(pipeline: Pipeline, only: str) -> list[Stage]:
    """Return the stage reduced to one action, without conditions, retry and rollback; empty where there is none.

    only: `stage/action`.
    """
    for stage in pipeline.stages:
        for action in stage.actions:
            if f"{stage.name}/{action.name}" == only:
                return [Stage(stage.name, (replace(action, run_order=1),))]
    return []
