"""A plan as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.plan.build_commands import PlannedBuild
from rehearsal.plan.plan import Plan, Stages
from rehearsal.plan.stack_diff import ResourceChange, StackChange
from rehearsal.views.json_shapes import JobJson, PlanJson, StackChangeJson

_SIGNS = {"added": "+", "changed": "~", "removed": "-"}


def as_json(plan: Plan) -> PlanJson:
    """Return the plan as `plan --json` prints it. Contract: docs/rehearsal/json.md."""
    return {
        "self_mutation": {"updates": plan.updates_pipeline, "restarts": plan.restarts},
        "stages": [
            {"name": name, "change": change, "actions": list(plan.after.get(name, plan.before.get(name, ())))}
            for name, change in _stage_changes(plan.before, plan.after)
        ],
        "stacks": [_stack_json(stack) for stack in (plan.pipeline, *plan.stacks)],
        "jobs": [
            *(_build_json(build, under="deployed") for build in plan.builds_under_deployed),
            *(_build_json(build, under="new") for build in plan.builds_under_new),
        ],
        "approvals": list(plan.approvals),
        "warnings": list(plan.warnings),
    }


def text(plan: Plan) -> str:
    """Return the plan as text: self-mutation, stages, stacks, builds, approvals, warnings."""
    return "\n".join([*_mutation(plan), *_stages(plan), *_stacks(plan), *_builds(plan), *_warnings(plan)])


def _mutation(plan: Plan) -> Iterator[str]:
    if plan.updates_pipeline:
        then = "and starts again on the new definition" if plan.restarts else "without starting again"
        yield f"The pipeline updates itself, {then}."
    elif plan.pipeline.change:
        yield "The pipeline's stack differs, and no action of the deployed pipeline updates it: deploy it by hand."
    else:
        yield "The pipeline stays as it is."


def _stages(plan: Plan) -> Iterator[str]:
    changed = [(name, change) for name, change in _stage_changes(plan.before, plan.after) if change]
    for name, change in changed:
        sign = _SIGNS[change]
        before, after = plan.before.get(name, ()), plan.after.get(name, ())
        added = [f"+{action}" for action in after if action not in before]
        removed = [f"-{action}" for action in before if action not in after]
        yield f"  {sign} stage {name}" + (f": {', '.join(added + removed)}" if change == "changed" else "")


def _stage_changes(before: Stages, after: Stages) -> list[tuple[str, str]]:
    """Return (stage, change) of both definitions, in the new order; the change is added, changed, removed or empty."""
    changes = []
    for name in [*after, *(name for name in before if name not in after)]:
        if name not in before:
            change = "added"
        elif name not in after:
            change = "removed"
        else:
            change = "" if before[name] == after[name] else "changed"
        changes.append((name, change))
    return changes


def _stacks(plan: Plan) -> Iterator[str]:
    yield ""
    yield "Stacks:"
    for change in (plan.pipeline, *plan.stacks):
        label = f"{change.stack.name} ({change.stack.account}/{change.stack.region})"
        yield f"  {label}: {change.change or 'no change'}"
        yield from (f"    {_resource(resource)}" for resource in change.resources)
        if change.others:
            yield f"    ~ {', '.join(change.others)}"


def _resource(change: ResourceChange) -> str:
    properties = f": {', '.join(change.properties)}" if change.properties else ""
    return f"{_SIGNS[change.change]} {change.id} ({change.type}){properties}"


def _builds(plan: Plan) -> Iterator[str]:
    yield ""
    yield "Builds under the deployed buildspecs:"
    yield from map(_build, plan.builds_under_deployed)
    if plan.updates_pipeline:
        yield "After the update, under the new definition:"
        yield from map(_build, plan.builds_under_new)
    if plan.approvals:
        yield f"Approvals: {', '.join(plan.approvals)}"


def _build(build: PlannedBuild) -> str:
    commands = "; ".join(" ".join(command.split()) for command in build.commands) or "its buildspec lies in the source"
    return f"  {build.where}: {commands}"


def _warnings(plan: Plan) -> Iterator[str]:
    yield ""
    yield from (f"Warning: {warning}" for warning in plan.warnings)
    if not plan.warnings:
        yield "No known deadlock was found."


def _stack_json(change: StackChange) -> StackChangeJson:
    return {
        "name": change.stack.name,
        "account": change.stack.account,
        "region": change.stack.region,
        "change": change.change,
        "resources": [
            {
                "id": resource.id,
                "type": resource.type,
                "change": resource.change,
                "properties": list(resource.properties),
            }
            for resource in change.resources
        ],
        "others": list(change.others),
    }


def _build_json(build: PlannedBuild, *, under: str) -> JobJson:
    return {
        "stage": build.stage,
        "action": build.action,
        "project": build.project,
        "commands": list(build.commands),
        "under": under,
    }
