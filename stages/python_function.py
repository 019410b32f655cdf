"""One Lambda function with its role, log group, version and alias."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk_delivery.compliance.accept import accept
from stages.event_sources import removal
from stages.service_options import ServiceOptions


@dataclass(frozen=True)
class FunctionBuild:
    """The built parts of a function: its code and its layers, with the runtime and architecture that they are for."""

    code: lambda_.Code
    runtime: lambda_.Runtime
    architecture: lambda_.Architecture
    layers: Sequence[lambda_.ILayerVersion]


class PythonFunction(Construct):
    """A function whose event sources invoke its alias `live`.

    may: statements of the function's role, in addition to those for its log, traces and dead letters. The role ignores
    CDK's grants, so that every statement of it is written here or in an event source.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        build: FunctionBuild,
        environment: Mapping[str, str],
        may: Sequence[iam.PolicyStatement],
        dead_letters: sqs.IQueue,
        key: kms.IKey,
        options: ServiceOptions,
    ) -> None:
        super().__init__(scope, id_)
        self.log_group = logs.LogGroup(
            self,
            "Log",
            encryption_key=key,
            retention=logs.RetentionDays[options.log_retention],
            removal_policy=removal(options),
        )
        self.role = self._role(may, dead_letters)
        self.function = lambda_.Function(
            self,
            "Function",
            code=build.code,
            handler="main.handler",
            runtime=build.runtime,
            architecture=build.architecture,
            layers=list(build.layers),
            environment=dict(environment),
            role=self.role.without_policy_updates(),
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            dead_letter_queue=dead_letters,
            timeout=Duration.seconds(options.timeout_seconds),
            memory_size=options.memory_mb,
            reserved_concurrent_executions=options.reserved_concurrency,
            current_version_options=lambda_.VersionOptions(removal_policy=RemovalPolicy.DESTROY),
        )
        self.function.node.add_dependency(self.role)
        self.live = lambda_.Alias(self, "Live", alias_name="live", version=self.function.current_version)
        self._accept_findings(options)

    def _role(self, may: Sequence[iam.PolicyStatement], dead_letters: sqs.IQueue) -> iam.Role:
        statements = [
            _allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], self.log_group.log_group_arn),
            _allow("Trace", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
            _allow("DeadLetters", ["sqs:SendMessage"], dead_letters.queue_arn),
            *may,
        ]
        policy = iam.ManagedPolicy(self, "Policy", statements=statements)
        accept(
            policy,
            "AwsSolutions-IAM5[Resource::*]",
            because="the two actions that send traces take no resource",
            see="Service authorization reference, Actions defined by AWS X-Ray",
        )
        return iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), managed_policies=[policy]
        )

    def _accept_findings(self, options: ServiceOptions) -> None:
        accept(
            self.function,
            "AwsSolutions-L1",
            "Serverless-LambdaLatestVersion",
            because="the runtime is the one that the layers are built for; it is supported until 2029-06-30",
            see="pyproject.toml [tool.layers]; AWS Lambda developer guide, Lambda runtimes",
        )
        accept(
            self.function,
            "NIST.800.53.R5-LambdaInsideVPC",
            because="it calls AWS services at their public TLS endpoints with its role, and nothing in a VPC",
            see="AWS Lambda developer guide, Giving Lambda functions access to resources in an Amazon VPC",
        )
        if options.reserved_concurrency is None:
            accept(
                self.function,
                "NIST.800.53.R5-LambdaConcurrency",
                because="the event source limits it; reserved concurrency is a setting: new accounts have none",
                see="cdk.json environments[].service.reserved_concurrency; AWS Lambda developer guide, Lambda quotas",
            )


def _allow(sid: str, actions: list[str], resource: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=actions, resources=[resource])
