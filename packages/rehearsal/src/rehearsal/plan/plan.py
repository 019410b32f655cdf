"""The effects of a push of one revision on the deployed pipeline and its stacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.deploy.bootstrap import is_bootstrapped
from rehearsal.deploy.deployment import Deployment
from rehearsal.engine.model.definition import Pipeline, Stage
from rehearsal.plan import build_commands, deadlocks
from rehearsal.plan.build_commands import PlannedBuild
from rehearsal.plan.stack_diff import StackChange, compare
from rehearsal.project.assembly_manifest import schema_version
from rehearsal.project.cloud_assembly import PIPELINE, Assembly, Stack
from rehearsal.project.deployed_stacks import DeployedStack, list_deployed_stacks

# CDK Pipelines' name of the action that updates the pipeline.
SELF_MUTATE = "SelfMutate"

Stages = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Plan:
    """The effects of a push.

    pipeline: the change of the pipeline's stack. stacks: the changes of all other stacks. before, after: stage -> names
    of its actions, as deployed and as synthesized. updates_pipeline: whether the pipeline updates itself. restarts:
    whether that update restarts the execution. builds_under_deployed: the builds that use the deployed buildspecs; all
    of them unless the pipeline updates itself. builds_under_new: those after the update, which use the new buildspecs.
    """

    pipeline: StackChange
    stacks: tuple[StackChange, ...]
    before: Stages
    after: Stages
    updates_pipeline: bool
    restarts: bool
    builds_under_deployed: tuple[PlannedBuild, ...]
    builds_under_new: tuple[PlannedBuild, ...]
    approvals: tuple[str, ...]
    warnings: tuple[str, ...]


def make_plan(deployed: Deployment, assembly: Assembly, source: Path, last_push: Path, tools: Path) -> Plan:
    """Compare the assembly of `source`, the folder with the files to push, with the deployed stacks.

    last_push: a folder with the files of the last push; empty where it is not known. tools: the project's node_modules.
    """
    old, new = deployed.pipeline(), assembly.pipeline.definition()
    pipeline = compare(deployed.endpoint, assembly.pipeline_stack)
    stacks = [compare(deployed.endpoint, stack) for stack in assembly.stacks if stack != assembly.pipeline_stack]
    updates = pipeline.change is not None and any(_updates_pipeline(stage) for stage in old.stages)
    under_deployed = build_commands.deployed_builds(deployed.endpoint, deployed.key, old)
    under_new: list[PlannedBuild] = []
    if updates:
        under_deployed, _ = _split_at_update(old, under_deployed)
        _, under_new = _split_at_update(new, build_commands.synthesized_builds(assembly))
    warnings = [
        *_deadlocks(under_deployed, assembly, source, last_push, tools),
        *_missing_bootstraps(deployed, stacks),
        *_orphaned_stacks(deployed, old, assembly),
    ]
    return Plan(
        pipeline=pipeline,
        stacks=tuple(stacks),
        before=_action_names(old),
        after=_action_names(new),
        updates_pipeline=updates,
        restarts=updates and _changes_definition(pipeline) and _restarts_on_update(assembly),
        builds_under_deployed=tuple(under_deployed),
        builds_under_new=tuple(under_new),
        approvals=tuple(_approvals(new)),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _action_names(pipeline: Pipeline) -> Stages:
    return {stage.name: tuple(action.name for action in stage.actions) for stage in pipeline.stages}


def _updates_pipeline(stage: Stage) -> bool:
    return any(action.name == SELF_MUTATE for action in stage.actions)


def _split_at_update(
    pipeline: Pipeline, builds: Sequence[PlannedBuild]
) -> tuple[list[PlannedBuild], list[PlannedBuild]]:
    """Return the builds of the stages up to the one that updates the pipeline, and those of later stages."""
    reached: list[str] = []
    for stage in pipeline.stages:
        reached.append(stage.name)
        if _updates_pipeline(stage):
            break
    first = [build for build in builds if build.stage in reached]
    return first, [build for build in builds if build.stage not in reached]


def _changes_definition(pipeline_stack: StackChange) -> bool:
    return any(resource.type == PIPELINE for resource in pipeline_stack.resources)


def _restarts_on_update(assembly: Assembly) -> bool:
    return str(assembly.pipeline.properties.get("RestartExecutionOnUpdate", False)).lower() == "true"


def _approvals(pipeline: Pipeline) -> Iterator[str]:
    for stage in pipeline.stages:
        for action in stage.actions:
            if action.type.category == "Approval":
                yield f"{stage.name}/{action.name}"


def _deadlocks(
    builds: Sequence[PlannedBuild], assembly: Assembly, source: Path, last_push: Path, tools: Path
) -> Iterator[str]:
    """Yield the warnings about deadlocks. builds: those that use the deployed buildspecs."""
    schema = schema_version(assembly.folder)
    yield from deadlocks.vanished_targets(builds, source, last_push)
    yield from deadlocks.vanished_scripts(builds, source, last_push)
    yield from deadlocks.vanished_files(builds, source, last_push)
    yield from deadlocks.unsafe_tool_pins(builds, schema, tools)
    yield from deadlocks.unreadable_schema(schema, tools)


def _missing_bootstraps(deployed: Deployment, changes: Sequence[StackChange]) -> Iterator[str]:
    """Warn of environments that are not bootstrapped."""
    for environment in dict.fromkeys(change.stack.environment for change in changes):
        if not is_bootstrapped(deployed.endpoint, environment):
            yield f"{environment} is not bootstrapped: on AWS, bootstrap it before the push (a rehearsal does)"


def _orphaned_stacks(deployed: Deployment, pipeline: Pipeline, assembly: Assembly) -> Iterator[str]:
    """Warn of stacks that the deployed pipeline deploys and the new one does not."""
    before = {_stack_label(stack) for stack in list_deployed_stacks(pipeline, deployed.key.region)}
    after = {_stack_label(stack) for stack in assembly.stacks}
    for stack in sorted(before - after):
        yield f"the stack {stack} is deployed by no stage any more: it stays until an operator deletes it"


def _stack_label(stack: Stack | DeployedStack) -> str:
    return f"{stack.name} ({stack.account}/{stack.region})"
