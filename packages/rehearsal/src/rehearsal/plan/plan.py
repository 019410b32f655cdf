"""The effects of a push of one revision on the deployed pipeline and its stacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.deploy.bootstrap import is_bootstrapped
from rehearsal.deploy.deployment import Deployment
from rehearsal.engine.model.definition import Pipeline
from rehearsal.plan import build_commands, deadlocks
from rehearsal.plan.build_commands import PlannedBuild
from rehearsal.plan.stack_diff import StackChange, compare
from rehearsal.project.cloud_assembly import PIPELINE, Assembly, Environment, schema_version
from rehearsal.project.deployed_stacks import DeployedStack, list_deployed_stacks
from rehearsal.project.template_types import PipelineProperties

# CDK Pipelines' name of the action that updates the pipeline.
SELF_MUTATE = "SelfMutate"

Stages = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Plan:
    """The effects of a push.

    pipeline: the change of the pipeline's stack. stacks: the changes of all other stacks. before, after: stage -> names
    of its actions, as deployed and as synthesized. mutates: whether the pipeline updates itself. restarts: whether that
    update restarts the execution. first: the builds up to that update, which use the deployed definition. rest: the
    builds after it, which use the new definition if the pipeline updates itself.
    """

    pipeline: StackChange
    stacks: tuple[StackChange, ...]
    before: Stages
    after: Stages
    mutates: bool
    restarts: bool
    first: tuple[PlannedBuild, ...]
    rest: tuple[PlannedBuild, ...]
    approvals: tuple[str, ...]
    warnings: tuple[str, ...]


def make_plan(deployed: Deployment, cloud: Assembly, source: Path, tools: Path, pushed: Path) -> Plan:
    """Compare the assembly of `source` with the deployed stacks.

    tools: the project's node_modules. pushed: a folder with the files of the last push; empty where it is not known.
    """
    pipeline = deployed.pipeline()
    pipeline_change = compare(deployed.endpoint, cloud.pipeline)
    other_changes = [compare(deployed.endpoint, stack) for stack in cloud.stacks if stack != cloud.pipeline]
    before = {stage.name: tuple(action.name for action in stage.actions) for stage in pipeline.stages}
    after = _stages(cloud)
    builds = build_commands.deployed_builds(deployed.endpoint, deployed.key, pipeline)
    mutates = pipeline_change.change is not None and any(SELF_MUTATE in actions for actions in before.values())
    changes_definition = any(resource.type == PIPELINE for resource in pipeline_change.resources)
    first = _builds_before_mutation(before, builds)
    new = build_commands.synthesized_builds(cloud) if mutates else builds
    new_first = _builds_before_mutation(after, new) if mutates else first
    warnings = [
        *_deadlocks(first if mutates else builds, source, tools, pushed, cloud),
        *_environments_not_bootstrapped(deployed, other_changes),
        *_orphans(deployed, pipeline, cloud),
    ]
    return Plan(
        pipeline=pipeline_change,
        stacks=tuple(other_changes),
        before=before,
        after=after,
        mutates=mutates,
        restarts=mutates and changes_definition and _restarts(cloud),
        first=tuple(first),
        rest=tuple(build for build in new if build not in new_first),
        approvals=tuple(_approvals(cloud)),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _deadlocks(
    under_deployed: Sequence[PlannedBuild], source: Path, tools: Path, pushed: Path, cloud: Assembly
) -> Iterator[str]:
    schema = schema_version(cloud.folder)
    yield from deadlocks.vanished_targets(under_deployed, source, pushed)
    yield from deadlocks.vanished_scripts(under_deployed, source, pushed)
    yield from deadlocks.vanished_files(under_deployed, source, pushed)
    yield from deadlocks.unsafe_tool_pins(under_deployed, schema, tools)
    yield from deadlocks.assets_schema(tools, schema)


def _environments_not_bootstrapped(deployed: Deployment, changes: Sequence[StackChange]) -> Iterator[str]:
    places = dict.fromkeys(
        Environment(change.stack.account, change.stack.region, change.stack.qualifier) for change in changes
    )
    for place in places:
        if not is_bootstrapped(deployed.endpoint, place):
            yield f"{place} is not bootstrapped: on AWS, bootstrap it before the push (a rehearsal does)"


def _orphans(deployed: Deployment, pipeline: Pipeline, cloud: Assembly) -> Iterator[str]:
    before = [f"{stack.name} ({stack.account}/{stack.region})" for stack in _deployed_stacks(deployed, pipeline)]
    after = [f"{stack.name} ({stack.account}/{stack.region})" for stack in cloud.stacks]
    yield from deadlocks.orphaned_stacks(before, after)


def _deployed_stacks(deployed: Deployment, pipeline: Pipeline) -> list[DeployedStack]:
    return list_deployed_stacks(pipeline, deployed.key.region)


def _builds_before_mutation(stages: Stages, builds: Sequence[PlannedBuild]) -> list[PlannedBuild]:
    """The builds of the stages up to the one that updates the pipeline; all builds where none does."""
    reached = []
    for name, actions in stages.items():
        reached += [build for build in builds if build.stage == name]
        if SELF_MUTATE in actions:
            break
    return reached


def _properties(cloud: Assembly) -> PipelineProperties:
    return cloud.chosen.properties


def _stages(cloud: Assembly) -> Stages:
    return {
        stage["Name"]: tuple(action["Name"] for action in stage["Actions"]) for stage in _properties(cloud)["Stages"]
    }


def _restarts(cloud: Assembly) -> bool:
    return str(_properties(cloud).get("RestartExecutionOnUpdate", False)).lower() == "true"


def _approvals(cloud: Assembly) -> Iterator[str]:
    for stage in _properties(cloud)["Stages"]:
        for action in stage["Actions"]:
            if action["ActionTypeId"]["Category"] == "Approval":
                yield f"{stage['Name']}/{action['Name']}"
