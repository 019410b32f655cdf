"""Check of iam:PassRole for callers that pass a role to a service.

Source: IAM user guide, "Grant a user permissions to pass a role to an AWS service"; the actions are those that the
service authorization reference lists with iam:PassRole as a dependent action. For CloudFormation, cloudformation_roles
checks the role of a stack, and dependent_actions the roles of its resources.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from rehearsal.emulator.iam import enforcement
from rehearsal.emulator.iam.denial_messages import Denial
from rehearsal.emulator.iam.enforcement import Request

# A pipeline's own role, the roles of its actions, and those that its actions pass to CloudFormation. AWS documents only
# the first. Projects with narrow policies allow all three, also in other accounts (ADF's pipeline_management.yml).
_PIPELINE = {
    "codepipeline": ["pipeline.roleArn", "pipeline.stages.actions.roleArn"],
    "cloudformation": ["pipeline.stages.actions.configuration.RoleArn"],
}
# Action -> service -> paths of the role's ARN in the request body; a path goes into each item of a list.
PASSED_ROLES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "codebuild:CreateProject": {"codebuild": ["serviceRole"]},
    "codebuild:StartBuild": {"codebuild": ["serviceRoleOverride"]},
    "codebuild:StartBuildBatch": {"codebuild": ["buildBatchConfigOverride.serviceRole", "serviceRoleOverride"]},
    "codebuild:UpdateProject": {"codebuild": ["serviceRole"]},
    "codepipeline:CreatePipeline": _PIPELINE,
    "codepipeline:UpdatePipeline": _PIPELINE,
    "ecs:RegisterTaskDefinition": {"ecs-tasks": ["executionRoleArn", "taskRoleArn"]},
    "events:PutRule": {"events": ["RoleArn"]},
    "events:PutTargets": {"events": ["Targets.RoleArn"]},
    "lambda:CreateFunction": {"lambda": ["Role"]},
    "lambda:UpdateFunctionConfiguration": {"lambda": ["Role"]},
    "scheduler:CreateSchedule": {"scheduler": ["Target.RoleArn"]},
    "scheduler:UpdateSchedule": {"scheduler": ["Target.RoleArn"]},
    "states:CreateStateMachine": {"states": ["roleArn"]},
    "states:UpdateStateMachine": {"states": ["roleArn"]},
}


def pass_role_denial(request: Request) -> Denial | None:
    """Return the denial of a request with a role that its caller may not pass.

    Without this check, a caller that may create a function could act as any role of the account.
    """
    for service, paths in PASSED_ROLES.get(request.action, {}).items():
        keys = passed_to(service)
        for role in _roles(request.body, paths):
            if denial := enforcement.find_denial(request.for_action("iam:PassRole", role, keys)):
                return denial
    return None


def passed_to(service: str) -> Mapping[str, str]:
    """Return the condition keys of iam:PassRole to a service, such as `lambda`."""
    return {"iam:passedtoservice": f"{service}.amazonaws.com"}


def _roles(body: bytes, paths: Sequence[str]) -> Iterator[str]:
    try:
        request = json.loads(body) if paths else None
    except ValueError:
        return  # the service reports what is wrong with it
    for path in paths:
        yield from (str(role) for role in _values_at_path(request, path.split(".")))


def _values_at_path(value: object, path: Sequence[str]) -> Iterator[object]:
    for item in value if isinstance(value, list) else [value]:
        if not path:
            yield item
        elif isinstance(item, dict) and item.get(path[0]):
            yield from _values_at_path(item[path[0]], path[1:])
