"""The function that writes the notices of events, with its role and its log."""

import json
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk_delivery.compliance.accept import accept
from cdk_delivery.constructs.artifact_store import ARTIFACT_DAYS
from cdk_delivery.constructs.function_role import accept_runtime, function_role

_CODE = Path(__file__).with_name("notifier_function.py")
_LOOKS_UP = ("GetPipelineExecution", "ListActionExecutions", "ListPipelineExecutions")


class Notifier(Construct):
    """`function` takes an event of the pipeline, looks up what it lacks and publishes to `topic`, encrypted with `key`.

    Its code is in the template, so that the pipeline's stack needs no published asset. An event that it fails to
    process goes to the topic unchanged: the topic is its dead-letter queue.
    """

    def __init__(
        self, scope: Construct, id_: str, *, pipeline: str, runtime: lambda_.Runtime, topic: sns.Topic, key: kms.Key
    ) -> None:
        super().__init__(scope, id_)
        log = logs.LogGroup(
            self,
            "Log",
            encryption_key=key,
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        arn = Stack.of(self).format_arn(service="codepipeline", resource=pipeline)
        statements = (
            ("LookUp", [f"codepipeline:{operation}" for operation in _LOOKS_UP], [arn]),
            ("Publish", ["sns:Publish"], [topic.topic_arn]),
            ("Encrypt", ["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn]),
        )
        role = function_role(self, log, statements).role
        self.function = lambda_.Function(
            self,
            "Function",
            description=f"Reports failed actions and succeeded executions of {pipeline}",
            code=lambda_.Code.from_inline(_CODE.read_text()),
            handler="index.handler",
            runtime=runtime,
            environment={"TOPIC": topic.topic_arn, "ARTIFACT_DAYS": str(ARTIFACT_DAYS), "TRAFFIC": "{}"},
            role=role.without_policy_updates(),
            log_group=log,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            dead_letter_topic=topic,
            timeout=Duration.seconds(30),
            memory_size=256,
        )
        self.function.node.add_dependency(role)
        self._accept_findings()

    def describe_traffic(self, plans: Mapping[str, str]) -> None:
        """Set how traffic shifts in each action that deploys, which `plans` has by its stage, a slash and its name."""
        self.function.add_environment("TRAFFIC", json.dumps(dict(plans), separators=(",", ":")))

    def _accept_findings(self) -> None:
        accept_runtime(self.function)
        accept(
            self.function,
            "NIST.800.53.R5-LambdaInsideVPC",
            because="it calls CodePipeline and SNS at their public TLS endpoints with its role, and nothing in a VPC",
            see="AWS Lambda developer guide, Giving Lambda functions access to resources in an Amazon VPC",
        )
        accept(
            self.function,
            "NIST.800.53.R5-LambdaConcurrency",
            because="an execution sends a handful of events, and Lambda keeps the rest in its queue for six hours",
            see="AWS Lambda developer guide, Invoking a Lambda function asynchronously",
        )
