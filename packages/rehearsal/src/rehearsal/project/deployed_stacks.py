"""The stacks that a pipeline deploys, as the definition of its CloudFormation actions names them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rehearsal.engine.model.definition import Action, Pipeline
from rehearsal.project.cloud_assembly import QUALIFIER


@dataclass(frozen=True)
class DeployedStack:
    """A stack that the pipeline deploys. environment: the CDK stage's name. qualifier: of the bootstrap stack."""

    environment: str
    account: str
    region: str
    name: str
    qualifier: str = QUALIFIER


def list_deployed_stacks(pipeline: Pipeline, region: str) -> list[DeployedStack]:
    """Return the stacks of all CloudFormation actions, without duplicates, in the order of the definition."""
    stacks = {
        DeployedStack(
            _environment(stage.name, action.name),
            _account(action),
            action.region or region,
            action.configuration["StackName"],
            _qualifier(action),
        ): None
        for stage in pipeline.stages
        for action in stage.actions
        if action.type.provider == "CloudFormation" and action.role_arn
    }
    return list(stacks)


def _environment(stage: str, action: str) -> str:
    """The CDK stage's name. CDK Pipelines names an action `Stage.Stack.Deploy` in a wave, else `Stack.Deploy`."""
    first, *rest = action.split(".")
    return first if len(rest) > 1 else stage


def _account(action: Action) -> str:
    return (action.role_arn or "").split(":")[4]


def _qualifier(action: Action) -> str:
    """The qualifier in the name of a bootstrap role, `cdk-<qualifier>-deploy-role-<account>-<region>`."""
    match = re.search(r":role/cdk-([^/]+)-deploy-role-", action.role_arn or "")
    return match[1] if match else QUALIFIER
