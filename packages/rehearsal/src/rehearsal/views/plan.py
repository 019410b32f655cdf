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
        "self_mutation": {"updates": plan.mutates, "restarts": plan.restarts},
        "stages": [
            {"name": name, "change": change, "actions": list(plan.after.get(name, plan.before.get(name, ())))}
            for name, change in _stage_changes(plan.before, plan.after)
        ],
        "stacks": [_stack_json(stack) for stack in (plan.pipeline, *plan.stacks)],
        "jobs": [
            *(_job_json(job, under="deployed") for job in plan.first),
            *(_job_json(job, under="new" if plan.mutates else "deployed") for job in plan.rest),
        ],
        "approvals": list(plan.approvals),
        "warnings": list(plan.warnings),
    }


def text(plan: Plan) -> str:
    """Return the plan as text: self-mutation, stages, stacks, builds, approvals, warnings."""
    return "\n".join([*_mutation(plan), *_stages(plan), *_stacks(plan), *_jobs(plan), *_warnings(plan)])


def _mutation(plan: Plan) -> Iterator[str]:
    if plan.mutates:
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
        moved = [f"+{action}" for action in after if action not in before] + [
            f"-{action}" for action in before if action not in after
        ]
        yield f"  {sign} stage {name}" + (f": {', '.join(moved)}" if change == "changed" else "")


def _stage_changes(before: Stages, after: Stages) -> list[tuple[str, str]]:
    """(stage, change) of both definitions, in the new order; the change is added, changed, removed or empty."""
    names = [*after, *(name for name in before if name not in after)]
    kinds = []
    for name in names:
        if name not in before:
            kinds.append("added")
        elif name not in after:
            kinds.append("removed")
        else:
            kinds.append("" if before[name] == after[name] else "changed")
    return list(zip(names, kinds, strict=True))


def _stacks(plan: Plan) -> Iterator[str]:
    every = (plan.pipeline, *plan.stacks)
    yield ""
    yield "Stacks:"
    for change in every:
        what = change.change or "no change"
        yield f"  {change.stack.name} ({change.stack.account}/{change.stack.region}): {what}"
        yield from (f"    {_resource(resource)}" for resource in change.resources)
        if change.others:
            yield f"    ~ {', '.join(change.others)}"


def _resource(change: ResourceChange) -> str:
    properties = f": {', '.join(change.properties)}" if change.properties else ""
    return f"{_SIGNS[change.change]} {change.id} ({change.type}){properties}"


def _jobs(plan: Plan) -> Iterator[str]:
    yield ""
    yield "Builds under the deployed buildspecs:"
    yield from (_job(build) for build in (plan.first if plan.mutates else (*plan.first, *plan.rest)))
    if plan.mutates:
        yield "After the update, under the new definition:"
        yield from map(_job, plan.rest)
    if plan.approvals:
        yield f"Approvals: {', '.join(plan.approvals)}"


def _job(job: PlannedBuild) -> str:
    commands = "; ".join(" ".join(command.split()) for command in job.commands) or "its buildspec lies in the source"
    return f"  {job.where}: {commands}"


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


def _job_json(job: PlannedBuild, *, under: str) -> JobJson:
    return {
        "stage": job.stage,
        "action": job.action,
        "project": job.project,
        "commands": list(job.commands),
        "under": under,
    }
