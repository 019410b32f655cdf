"""One Lambda function with what belongs to it alone: its role and its log group."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from compliance.accept import accept


class PythonFunction(Construct):
    """`function` is the Lambda function, `role` its role, `log_group` where it logs."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: Path,
        runtime: lambda_.Runtime,
        architecture: lambda_.Architecture,
        layers: Sequence[lambda_.ILayerVersion],
        retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, id_)
        self.log_group = logs.LogGroup(self, "Log", retention=retention, removal_policy=RemovalPolicy.DESTROY)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.role.add_to_policy(
            iam.PolicyStatement(
                sid="Log",
                actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[self.log_group.log_group_arn],
            )
        )
        self.function = lambda_.Function(
            self,
            "Function",
            code=lambda_.Code.from_asset(str(code), exclude=["**/__pycache__"]),
            handler="main.handler",
            runtime=runtime,
            architecture=architecture,
            layers=list(layers),
            role=self.role,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            timeout=Duration.seconds(10),
            memory_size=256,
        )
        accept(
            self.function,
            "AwsSolutions-L1",
            because="the runtime is the one that the layers are built for; it is supported until 2029-06-30",
            see="pyproject.toml [tool.layers]; AWS Lambda developer guide, Lambda runtimes",
        )
