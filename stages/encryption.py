"""The KMS key of the service's data at rest."""

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk_delivery.constructs.encryption import allow_logs


class ServiceKey(Construct):
    """The key of logs, queues and topics, which AWS services may use for resources of this account only."""

    def __init__(self, scope: Construct, id_: str, *, removal: RemovalPolicy) -> None:
        super().__init__(scope, id_)
        self.key = kms.Key(
            self,
            "Key",
            description=f"Data at rest of {Stack.of(self).stack_name}",
            enable_key_rotation=True,
            removal_policy=removal,
        )
        allow_logs(self.key)
        self._allow_alarms()
        self._allow_undelivered()

    def use_statement(self) -> iam.PolicyStatement:
        """Return the statement that a role needs to send to or read from an encrypted queue or topic."""
        return iam.PolicyStatement(
            sid="UseTheKey", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self.key.key_arn]
        )

    def _allow_alarms(self) -> None:
        """Let CloudWatch publish alarms to an encrypted topic."""
        # Source: Amazon SNS developer guide, "Enable compatibility between event sources and encrypted topics".
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )

    def _allow_undelivered(self) -> None:
        """Let topics send undelivered messages to an encrypted dead-letter queue.

        Source: Amazon SNS developer guide, "Amazon SNS dead-letter queues", and "Enabling server-side encryption for an
        Amazon SNS topic with an encrypted Amazon SQS queue subscribed". The topics are named by a pattern: they need
        the key before they have a name.
        """
        topics = Stack.of(self).format_arn(service="sns", resource="*")
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Undelivered",
                principals=[iam.ServicePrincipal("sns.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"ArnLike": {"aws:SourceArn": topics}},
            )
        )
