"""Event sources of functions: a queue or a topic, each with a dead-letter queue."""

from collections.abc import Sequence
from typing import Protocol

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk_delivery.compliance.accept import accept
from stages.service_options import ServiceOptions

MAX_RECEIVE_COUNT = 5


class EventSource(Protocol):
    """The interface of an event source, as a stack uses it."""

    dead_letters: sqs.Queue
    address: tuple[str, str]
    """Name and value of the output with the queue's URL or the topic's ARN."""

    def receive_statements(self) -> Sequence[iam.PolicyStatement]:
        """Return the statements that the function's role needs to receive events."""

    def send_statement(self) -> iam.PolicyStatement:
        """Return the statement that a sender needs. It has no Sid, because one role may send to several sources."""

    def connect(self, alias: lambda_.Alias) -> None:
        """Let the source invoke `alias`."""


class QueueSource(Construct):
    """An encrypted queue that accepts TLS only; a message that fails five times becomes a dead letter."""

    def __init__(self, scope: Construct, id_: str, *, key: kms.IKey, options: ServiceOptions) -> None:
        super().__init__(scope, id_)
        self._options = options
        self.dead_letters = dead_letter_queue(self, key=key, options=options)
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption_master_key=key,
            enforce_ssl=True,
            visibility_timeout=Duration.seconds(visibility_seconds(options)),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=MAX_RECEIVE_COUNT),
            removal_policy=removal(options),
        )
        self.address = ("QueueUrl", self.queue.queue_url)

    def receive_statements(self) -> Sequence[iam.PolicyStatement]:
        """Return the statements for polling, which Lambda does with the function's role."""
        actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        return [iam.PolicyStatement(sid="Receive", actions=actions, resources=[self.queue.queue_arn])]

    def send_statement(self) -> iam.PolicyStatement:
        """Return the statement that allows sending to the queue."""
        return iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[self.queue.queue_arn])

    def connect(self, alias: lambda_.Alias) -> None:
        """Let the queue invoke `alias`. Only records that the function reports as failed are received again."""
        alias.add_event_source(
            sources.SqsEventSource(
                self.queue, report_batch_item_failures=True, max_concurrency=self._options.queue_concurrency
            )
        )
        accept(
            alias,
            "Serverless-LambdaEventSourceMappingDestination",
            because="a queue has a redrive policy; its event source mapping has no failure destination",
            see="AWS Lambda developer guide, Creating and configuring an Amazon SQS event source mapping",
        )


class TopicSource(Construct):
    """An encrypted topic that accepts TLS only; messages that cannot be delivered become dead letters."""

    def __init__(self, scope: Construct, id_: str, *, key: kms.IKey, options: ServiceOptions) -> None:
        super().__init__(scope, id_)
        self.dead_letters = dead_letter_queue(self, key=key, options=options)
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        self.address = ("TopicArn", self.topic.topic_arn)

    def receive_statements(self) -> Sequence[iam.PolicyStatement]:
        """Return no statement: the topic invokes the function by a permission of the function."""
        return []

    def send_statement(self) -> iam.PolicyStatement:
        """Return the statement that allows publishing to the topic."""
        return iam.PolicyStatement(actions=["sns:Publish"], resources=[self.topic.topic_arn])

    def connect(self, alias: lambda_.Alias) -> None:
        """Let the topic invoke `alias`, asynchronously and once for each message."""
        self.topic.add_subscription(subscriptions.LambdaSubscription(alias, dead_letter_queue=self.dead_letters))
        accept(
            alias,
            "W3694",
            because="the endpoint is the ARN of an alias, which SNS accepts like the ARN of a function",
            see="AWS Lambda developer guide, Using aliases in event source mappings and with other services",
        )


def dead_letter_queue(scope: Construct, *, key: kms.IKey, options: ServiceOptions) -> sqs.Queue:
    """Return a queue that keeps failed messages for 14 days, the longest that SQS allows."""
    queue = sqs.Queue(
        scope,
        "DeadLetters",
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=Duration.days(14),
        removal_policy=removal(options),
    )
    accept(
        queue,
        "Serverless-SQSRedrivePolicy",
        because="it is the dead letter queue itself: an alarm notifies a person, who reads or redrives its messages",
        see="docs/operate.md; Amazon SQS developer guide, Using dead-letter queues",
    )
    return queue


def visibility_seconds(options: ServiceOptions) -> int:
    """Return the visibility timeout of queues: six times the function's timeout.

    With less, a second invocation could receive a message that the first one still processes. Source: AWS Lambda
    developer guide, "Using Lambda with Amazon SQS".
    """
    return 6 * options.timeout_seconds


def removal(options: ServiceOptions) -> RemovalPolicy:
    """Return the removal policy of data. With `retain`, a deletion keeps it, and a failed creation does not."""
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if options.retain else RemovalPolicy.DESTROY
