"""The shop: one function, its log, and the role of its tests."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import Environment as Target
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_delivery.compliance.accept import accept
from cdk_delivery.constructs.encryption import allow_logs
from cdk_delivery.constructs.service_stage import ServiceStage
from cdk_delivery.constructs.test_role import IntegrationTestRole, IntegrationTestRoleNames
from tests.app.shop_options import ShopOptions

# The findings of the rule packs for a minimal function.
FINDINGS = (
    "AwsSolutions-L1",
    "Serverless-LambdaLatestVersion",
    "Serverless-LambdaDefaultTimeout",
    "Serverless-LambdaDLQ",
    "Serverless-LambdaTracing",
    "NIST.800.53.R5-LambdaConcurrency",
    "NIST.800.53.R5-LambdaInsideVPC",
    "NIST.800.53.R5-LambdaDLQ",
)


class ShopStage(ServiceStage):
    """The shop in one environment."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        env: Target,
        code: Path,
        tester: IntegrationTestRoleNames,
        options: ShopOptions,
    ) -> None:
        super().__init__(scope, id_, env=env)
        self.outputs = ShopStack(self, "Shop", code=code, tester=tester, options=options).outputs


class ShopStack(Stack):
    """The shop's stack. outputs: the values that its tests need."""

    def __init__(
        self, scope: Construct, id_: str, *, code: Path, tester: IntegrationTestRoleNames, options: ShopOptions
    ) -> None:
        super().__init__(scope, id_)
        key = kms.Key(self, "Key", enable_key_rotation=True, removal_policy=RemovalPolicy.DESTROY)
        allow_logs(key)
        log = logs.LogGroup(self, "Log", encryption_key=key, retention=logs.RetentionDays.ONE_WEEK)
        write = iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log.log_group_arn]
        )
        policy = iam.ManagedPolicy(self, "TillPolicy", statements=[write])
        role = iam.Role(
            self,
            "TillRole",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            managed_policies=[policy],
        )
        function = lambda_.Function(
            self,
            "Till",
            code=lambda_.Code.from_asset(str(code), exclude=["**/__pycache__"]),
            handler="main.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            role=role.without_policy_updates(),
            log_group=log,
            memory_size=options.memory_mb,
        )
        accept(function, *FINDINGS, because="the shop is a project of tests, and in no account", see="this folder")
        call = iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.function_arn])
        checker = IntegrationTestRole(self, "Checker", names=tester, may=[call])
        self.outputs = {
            "TILL": CfnOutput(self, "TillName", value=function.function_name),
            "TEST_ROLE": CfnOutput(self, "CheckerArn", value=checker.role.role_arn),
        }
