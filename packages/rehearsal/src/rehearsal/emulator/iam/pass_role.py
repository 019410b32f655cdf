"""iam:PassRole of callers that hand a role to a service.

Source: IAM user guide, "Grant a user permissions to pass a role to an AWS service"; the actions are those that the
service authorization reference lists with iam:PassRole as a dependent action. CloudFormation's are in
cloudformation_roles.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rehearsal.emulator.iam import enforcement
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.ministack.port.policies import EvalResult

# Action -> the service that gets the role, and where the request names it; of lists, each item.
PASSED_ROLES: Mapping[str, tuple[str, Sequence[str]]] = {
    "codebuild:CreateProject": ("codebuild", ["serviceRole"]),
    "codebuild:UpdateProject": ("codebuild", ["serviceRole"]),
    "codepipeline:CreatePipeline": ("codepipeline", ["pipeline.roleArn"]),
    "codepipeline:UpdatePipeline": ("codepipeline", ["pipeline.roleArn"]),
    "ecs:RegisterTaskDefinition": ("ecs-tasks", ["executionRoleArn", "taskRoleArn"]),
    "events:PutRule": ("events", ["RoleArn"]),
    "events:PutTargets": ("events", ["Targets.RoleArn"]),
    "lambda:CreateFunction": ("lambda", ["Role"]),
    "lambda:UpdateFunctionConfiguration": ("lambda", ["Role"]),
    "scheduler:CreateSchedule": ("scheduler", ["Target.RoleArn"]),
    "scheduler:UpdateSchedule": ("scheduler", ["Target.RoleArn"]),
    "states:CreateStateMachine": ("states", ["roleArn"]),
    "states:UpdateStateMachine": ("states", ["roleArn"]),
}


def pass_role_denial(request: Request) -> EvalResult | None:
    """Return the denial of a request with a role that its caller may not pass.

    Without this check, a caller that may create a function becomes any role of the account.
    """
    service, paths = PASSED_ROLES.get(request.action, ("", ()))
    keys = {"iam:passedtoservice": f"{service}.amazonaws.com"}
    for role in _roles(request.body, paths):
        if refused := enforcement.find_denial(request, "iam:PassRole", role, keys=keys):
            return refused
    return None


def _roles(body: bytes, paths: Sequence[str]) -> Iterator[str]:
    try:
        request = json.loads(body) if paths else None
    except ValueError:
        return  # the service tells what is wrong with it
    for path in paths:
        yield from (str(each) for each in _values_at_path(request, path.split(".")))


def _values_at_path(value: Any, path: Sequence[str]) -> Iterator[Any]:
    for each in value if isinstance(value, list) else [value]:
        if not path:
            yield each
        elif isinstance(each, dict) and each.get(path[0]):
            yield from _values_at_path(each[path[0]], path[1:])
