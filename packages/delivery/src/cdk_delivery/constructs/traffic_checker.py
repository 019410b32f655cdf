"""The lifecycle hook of a stack's CodeDeploy deployments: a function with its role and its log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_delivery.compliance.accept import accept, logical_id
from cdk_delivery.constructs.function_role import accept_runtime, function_role

_CODE = Path(__file__).with_name("traffic_function.py")
# How often the hook invokes a new version that has all traffic: without invocations no alarm has data.
CALLS = 10


class TrafficChecker(Construct):
    """`function` invokes new versions with the events of `checks`, and chooses the pace of each release's shift.

    checks: construct path of an alias -> event. application: the name of the CodeDeploy application.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        aliases: Mapping[str, lambda_.Alias],
        checks: Mapping[str, object],
        application: str,
        runtime: lambda_.Runtime,
    ) -> None:
        super().__init__(scope, id_)
        log = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.THREE_MONTHS, removal_policy=RemovalPolicy.DESTROY
        )
        role = self._role(log, aliases, application)
        events = [{"function": aliases[path].lambda_.function_name, "event": event} for path, event in checks.items()]
        self.function = lambda_.Function(
            self,
            "Function",
            description="Checks new versions of functions, and lets a rollback have all traffic immediately",
            code=lambda_.Code.from_inline(_CODE.read_text()),
            handler="index.handler",
            runtime=runtime,
            environment={"CALLS": str(CALLS), "CHECKS": Stack.of(self).to_json_string(events)},
            role=role.without_policy_updates(),
            log_group=log,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            timeout=Duration.minutes(15),
            memory_size=256,
        )
        self.function.node.add_dependency(role)
        self._accept_findings(log)

    def _role(self, log: logs.LogGroup, aliases: Mapping[str, lambda_.Alias], application: str) -> iam.Role:
        groups = Stack.of(self).format_arn(
            service="codedeploy",
            resource="deploymentgroup",
            resource_name=f"{application}/*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        functions = [alias.lambda_.function_arn for alias in aliases.values()]
        statements = (
            ("Answer", ["codedeploy:GetDeployment", "codedeploy:PutLifecycleEventHookExecutionStatus"], [groups]),
            ("Look", ["lambda:GetAlias"], functions),
            ("Call", ["lambda:InvokeFunction"], [f"{arn}:*" for arn in functions]),
        )
        created, stack = function_role(self, log, statements), Stack.of(self)
        accept(
            created.policy,
            *(f"AwsSolutions-IAM5[Resource::<{logical_id(alias.lambda_)}.Arn>:*]" for alias in aliases.values()),
            f"AwsSolutions-IAM5[Resource::arn:aws:codedeploy:{stack.region}:{stack.account}:"
            f"deploymentgroup:<{stack.resolve(application)['Ref']}>/*]",
            because="each release has another version; the groups are those of this stack's application",
            see="AWS Lambda developer guide, Manage Lambda function versions",
        )
        return created.role

    def _accept_findings(self, log: logs.LogGroup) -> None:
        accept_runtime(self.function)
        accept(
            self.function,
            "NIST.800.53.R5-LambdaInsideVPC",
            because="it calls AWS services at their public TLS endpoints with its role, and nothing in a VPC",
            see="AWS Lambda developer guide, Giving Lambda functions access to resources in an Amazon VPC",
        )
        accept(
            self.function,
            "NIST.800.53.R5-LambdaConcurrency",
            because="a deployment calls it twice for each function that changes",
            see="AWS CodeDeploy user guide, AppSpec 'hooks' section for an AWS Lambda deployment",
        )
        accept(
            self.function,
            "Serverless-LambdaDLQ",
            "NIST.800.53.R5-LambdaDLQ",
            because="CodeDeploy and CloudFormation wait for its response, and fail the deployment without one",
            see="AWS CodeDeploy user guide, AppSpec 'hooks' section for an AWS Lambda deployment",
        )
        accept(
            log,
            "NIST.800.53.R5-CloudWatchLogGroupEncrypted",
            because="CloudWatch Logs encrypts it with its own key; it holds which check failed and with which error",
            see="Amazon CloudWatch Logs user guide, Encrypt log data in CloudWatch Logs using AWS KMS",
        )
