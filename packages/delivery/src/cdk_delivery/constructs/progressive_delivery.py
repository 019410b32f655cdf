"""Traffic shifts and bake times, which the setting `traffic` adds to the stages of environments and to the pipeline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from aws_cdk import Stack
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from cdk_delivery.constructs import escape_hatches
from cdk_delivery.constructs.bake_time import BakeTime
from cdk_delivery.constructs.project_files import Project
from cdk_delivery.constructs.service_stage import ServiceStage
from cdk_delivery.constructs.traffic_shift import TrafficShift
from cdk_delivery.errors import WrongUse
from cdk_delivery.settings.traffic import Traffic

# All variables of a function take 4 KB at most. Source: AWS Lambda developer guide, "Lambda quotas".
LONGEST_CHECKS = 3_800
Aliases = Mapping[str, lambda_.Alias]


class ProgressiveDelivery:
    """The traffic shifts and bake times of one pipeline.

    shifts: name of a stack -> the setting by which the traffic of its aliases shifts. roles: the ARN pattern of the
    pipeline's roles.
    """

    def __init__(self, project: Project, *, roles: str) -> None:
        self.shifts: dict[str, Traffic] = {}
        self._project, self._roles = project, roles
        self._baking: dict[str, list[tuple[str, BakeTime]]] = {}

    @property
    def baked_stages(self) -> list[str]:
        """The names of the pipeline's stages that have a bake time."""
        return [*self._baking]

    def add(self, stage: ServiceStage, environment: str, traffic: Traffic, *, stage_name: str) -> None:
        """Add traffic shifts and a bake time to the stage of an environment.

        environment: its id. stage_name: of the pipeline's stage that deploys it. Raises WrongUse.
        """
        self._shift(stage, traffic)
        if traffic.bake_minutes:
            self._baking.setdefault(stage_name, []).append((environment, self._bake(stage, traffic)))

    def check_bake_times(self, pipeline: codepipeline.Pipeline) -> None:
        """Let the pipeline check the alarms after each stage. Call it after `build_pipeline()`."""
        rules = {
            stage: [bake_time.rule(name) for name, bake_time in environments]
            for stage, environments in self._baking.items()
        }
        escape_hatches.add_success_conditions(pipeline, rules)
        if roles := [bake_time.role_arn for environments in self._baking.values() for _, bake_time in environments]:
            pipeline.role.add_to_principal_policy(
                iam.PolicyStatement(sid="Bake", actions=["sts:AssumeRole"], resources=roles)
            )

    def _shift(self, stage: ServiceStage, traffic: Traffic) -> None:
        """Let CodeDeploy shift the traffic of every alias of the stage."""
        stacks = dict(_stacks(stage))
        if traffic.shifts and not stacks:
            raise WrongUse(
                f"{stage.node.path}: no stack has an alias of a function, so no traffic can shift: add a"
                f' `lambda_.Alias` that callers use, or take `"type": "{traffic.type}"` from cdk.json'
            )
        checks = _checks(self._project, {path for aliases in stacks.values() for path in aliases})
        if not traffic.shifts:
            return
        for stack, aliases in stacks.items():
            TrafficShift(
                stack,
                "Traffic",
                aliases=aliases,
                traffic=traffic,
                checks={path: event for path, event in checks.items() if path in aliases},
                runtime=self._project.runtime,
                released=self._project.released,
            )
            self.shifts[stack.stack_name] = traffic

    def _bake(self, stage: ServiceStage, traffic: Traffic) -> BakeTime:
        stacks = dict(_stacks(stage))
        if len(stacks) != 1:
            raise WrongUse(
                f"{stage.node.path}: `bake_minutes` needs one stack with aliases of functions, and here are"
                f" {len(stacks)}: put the functions into one stack, or take `bake_minutes` from cdk.json"
            )
        ((stack, aliases),) = stacks.items()
        return BakeTime(stack, "Bake", aliases=aliases, traffic=traffic, pipeline=self._roles)


def _stacks(stage: ServiceStage) -> Iterator[tuple[Stack, Aliases]]:
    """Yield each stack that has aliases, with construct path relative to the stack -> alias."""
    for stack in stage.node.children:
        if isinstance(stack, Stack):
            aliases = [construct for construct in stack.node.find_all() if isinstance(construct, lambda_.Alias)]
            if aliases:
                start = len(stack.node.path) + 1
                yield stack, {alias.node.path[start:]: alias for alias in aliases}


def _checks(project: Project, paths: set[str]) -> Mapping[str, object]:
    """Return construct path of an alias -> the event that checks it. Raises WrongUse."""
    where = "pyproject.toml [tool.delivery.checks]"
    for path in project.config.checks:
        if path not in paths:
            known = ", ".join(sorted(paths)) or "none"
            raise WrongUse(f"{where}: got '{path}'; no stack has such an alias of a function; there are {known}")
    events = {path: _event(project, file, where) for path, file in project.config.checks.items()}
    size = len(json.dumps(list(events.values()), separators=(",", ":")))
    if size > LONGEST_CHECKS:
        raise WrongUse(f"{where}: the events have {size} characters; {LONGEST_CHECKS} are allowed: name smaller ones")
    return events


def _event(project: Project, file: str, where: str) -> object:
    try:
        return json.loads((project.root / file).read_text())
    except (OSError, ValueError) as error:
        raise WrongUse(f"{where}: {file} is not an event ({error}); a file with JSON is needed") from error
