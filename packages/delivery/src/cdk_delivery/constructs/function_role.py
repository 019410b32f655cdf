"""The role of a function of the delivery itself, and the findings that every such function has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_delivery.compliance.accept import accept

# Sid, actions, resources
StatementParts = tuple[str, Sequence[str], Sequence[str]]


@dataclass(frozen=True)
class FunctionRole:
    """A role and its policy."""

    role: iam.Role
    policy: iam.ManagedPolicy


def function_role(scope: Construct, log: logs.ILogGroup, statements: Iterable[StatementParts]) -> FunctionRole:
    """Return the role of a function in `scope`, which may write its log, send traces, and what `statements` allow."""
    parts: list[StatementParts] = [
        ("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], [log.log_group_arn]),
        ("Trace", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
        *statements,
    ]
    policy = iam.ManagedPolicy(
        scope,
        "Policy",
        statements=[
            iam.PolicyStatement(sid=sid, actions=[*actions], resources=[*resources])
            for sid, actions, resources in parts
        ],
    )
    accept(
        policy,
        "AwsSolutions-IAM5[Resource::*]",
        because="the two actions that send traces take no resource",
        see="Service authorization reference, Actions defined by AWS X-Ray",
    )
    lambda_service = iam.ServicePrincipal("lambda.amazonaws.com")
    return FunctionRole(iam.Role(scope, "Role", assumed_by=lambda_service, managed_policies=[policy]), policy)


def accept_runtime(function: lambda_.Function) -> None:
    """Accept the findings on a runtime that is not the newest."""
    accept(
        function,
        "AwsSolutions-L1",
        "Serverless-LambdaLatestVersion",
        because="the runtime is that of the service's functions, so that a rehearsal needs only one interpreter",
        see="pyproject.toml [tool.layers]; AWS Lambda developer guide, Lambda runtimes",
    )
