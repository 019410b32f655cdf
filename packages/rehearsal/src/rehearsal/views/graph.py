"""A pipeline's stages and actions as a graph: JSON, text for a terminal, and Mermaid; views/svg.py draws SVG.

Actions of one run order run in parallel; the next run order waits for all of them.
"""

from __future__ import annotations

from rehearsal.engine.model.definition import Action, Pipeline
from rehearsal.engine.model.run_order import group_by_run_order
from rehearsal.views.json_shapes import GraphAction, GraphJson

APPROVAL = "Approval"


def as_json(pipeline: Pipeline) -> GraphJson:
    """Return the definition as `run --list --json` prints it. Contract: docs/rehearsal/json.md."""
    return {
        "pipeline": pipeline.name,
        "type": pipeline.type,
        "execution_mode": pipeline.execution_mode,
        "stages": [
            {"name": stage.name, "actions": [_action(action) for action in stage.actions]} for stage in pipeline.stages
        ],
    }


def _action(action: Action) -> GraphAction:
    return {
        "name": action.name,
        "provider": str(action.type),
        "run_order": action.run_order,
        "inputs": list(action.inputs),
        "outputs": list(action.outputs),
    }


def text(pipeline: Pipeline) -> str:
    """Return a line per run order, with its actions."""
    lines = [f"{pipeline.name}  ({pipeline.type}, {pipeline.execution_mode})"]
    for stage in pipeline.stages:
        lines += ["  │", f"  ▼ {stage.name}"]
        waves = group_by_run_order(stage.actions)
        for number, wave in enumerate(waves, 1):
            corner = "└" if number == len(waves) else "├"
            lines.append(f"  {corner}─ " + " ║ ".join(f"{action.name} ({action.type})" for action in wave))
    return "\n".join(lines)


def mermaid(pipeline: Pipeline) -> str:
    """Return a Mermaid flowchart: a subgraph per stage, and approvals as hexagons."""
    lines, edges = ["flowchart LR"], []
    before: list[str] = []
    for number, stage in enumerate(pipeline.stages, 1):
        lines.append(f'  subgraph s{number}["{_quoted(stage.name)}"]')
        for order, wave in enumerate(group_by_run_order(stage.actions), 1):
            ids = [f"s{number}o{order}a{place}" for place, _ in enumerate(wave, 1)]
            lines += [f"    {id_}{_shape(action)}" for id_, action in zip(ids, wave, strict=True)]
            edges += [f"  {old} --> {new}" for old in before for new in ids]
            before = ids
        lines.append("  end")
    return "\n".join(lines + edges)


def _shape(action: Action) -> str:
    label = f'"{_quoted(action.name)}<br/>{_quoted(str(action.type))}"'
    return f"{{{{{label}}}}}" if action.type.category == APPROVAL else f"[{label}]"


def _quoted(name: str) -> str:
    """The name, escaped. Source: Mermaid's documentation, "Entity codes to escape characters"."""
    return name.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
