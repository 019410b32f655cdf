"""Traffic shifts and bake time of an environment, added to the stacks of its stage by the setting `traffic`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from cdk_delivery.constructs.bake_time import BakeTime
from cdk_delivery.constructs.project_files import Project
from cdk_delivery.constructs.service_stage import ServiceStage
from cdk_delivery.constructs.traffic_shift import TrafficShift
from cdk_delivery.errors import WrongUse
from cdk_delivery.settings.traffic import Traffic

# All variables of a function take 4 KB at most. Source: AWS Lambda developer guide, "Lambda quotas".
LONGEST_CHECKS = 3_800
Aliases = Mapping[str, lambda_.Alias]


def shift_traffic(stage: ServiceStage, traffic: Traffic, project: Project) -> list[str]:
    """Let CodeDeploy shift the traffic of every alias of the stage; the names of its stacks. Raises WrongUse."""
    stacks = dict(_stacks(stage))
    if traffic.shifts and not stacks:
        raise WrongUse(
            f"{stage.node.path}: no stack has an alias of a function, so no traffic can shift: add a `lambda_.Alias`"
            f' that callers use, or take `"type": "{traffic.type}"` from cdk.json'
        )
    checks = _checks(project, {path for aliases in stacks.values() for path in aliases})
    for stack, aliases in stacks.items() if traffic.shifts else ():
        TrafficShift(
            stack,
            "Traffic",
            aliases=aliases,
            traffic=traffic,
            checks={path: event for path, event in checks.items() if path in aliases},
            runtime=project.runtime,
            released=project.released,
        )
    return [stack.stack_name for stack in stacks] if traffic.shifts else []


def bake(stage: ServiceStage, traffic: Traffic, *, pipeline: str) -> BakeTime | None:
    """Return the bake time of a stage; None without one. pipeline: the ARN pattern of its roles. Raises WrongUse."""
    if not traffic.bake_minutes:
        return None
    stacks = dict(_stacks(stage))
    if len(stacks) != 1:
        raise WrongUse(
            f"{stage.node.path}: `bake_minutes` needs one stack with aliases of functions, and here are {len(stacks)}:"
            " put the functions into one stack, or take `bake_minutes` from cdk.json"
        )
    ((stack, aliases),) = stacks.items()
    return BakeTime(stack, "Bake", aliases=aliases, traffic=traffic, pipeline=pipeline)


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
        raise WrongUse(f"{where}: {file} is no event ({error}); a file with JSON is needed") from error
