"""The event sources of the functions: a queue and a topic, with dead-letter queues."""

from typing import Any

from aws_cdk.assertions import Match, Template

from stages.catalog import FUNCTIONS
from stages.event_sources import QueueSource

# A Ref or Fn::GetAtt, whose target cdk_delivery/compliance/connections.py checks.
REFERENCE = Match.any_value()


QUEUES = [declared for declared in FUNCTIONS if declared.feed is QueueSource]


def feeding(template: Template) -> list[dict[str, Any]]:
    """Return the queues that invoke functions, one for each such function."""
    queues = [queue["Properties"] for queue in template.find_resources("AWS::SQS::Queue").values()]
    found = [queue for queue in queues if "RedrivePolicy" in queue]
    assert len(found) == len(QUEUES)
    return found


def test_a_message_is_dead_after_five_tries(template: Template) -> None:
    """A message is a dead letter after five attempts; fewer would lose messages of throttled functions."""
    assert {queue["RedrivePolicy"]["maxReceiveCount"] for queue in feeding(template)} == {5}


def test_a_message_stays_hidden_for_six_timeouts(changed: Template) -> None:
    """The visibility timeout is six times the function's timeout."""
    queues = feeding(changed)
    assert {queue["VisibilityTimeout"] for queue in queues} == {42}


def test_dead_letters_are_kept_as_long_as_sqs_keeps_anything(template: Template) -> None:
    """Each event source has a dead-letter queue with SQS's longest retention."""
    kept = {"MessageRetentionPeriod": 14 * 24 * 60 * 60}
    template.resource_properties_count_is("AWS::SQS::Queue", kept, len(FUNCTIONS))


def test_every_queue_and_topic_is_encrypted_with_the_services_key(template: Template) -> None:
    """All queues and topics are encrypted with the service's key, also for dead letters and alarms."""
    (key,) = template.find_resources("AWS::KMS::Key")
    arn = {"Fn::GetAtt": [key, "Arn"]}
    for kind in ("AWS::SQS::Queue", "AWS::SNS::Topic"):
        template.all_resources_properties(kind, {"KmsMasterKeyId": arn})


def test_nothing_is_sent_in_the_clear(template: Template) -> None:
    """Every queue and topic denies requests without TLS."""
    denied = [
        {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ]
    for kind, policy in (("AWS::SQS::Queue", "AWS::SQS::QueuePolicy"), ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy")):
        statements = Match.array_with([Match.object_like(statement) for statement in denied])
        template.all_resources_properties(policy, {"PolicyDocument": {"Statement": statements}})
        assert len(template.find_resources(kind)) == len(template.find_resources(policy))


def test_the_queue_feeds_the_alias_and_takes_partial_answers(changed: Template) -> None:
    """The queue invokes the alias, with partial batch responses and the configured concurrency."""
    changed.has_resource_properties(
        "AWS::Lambda::EventSourceMapping",
        {
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": 9},
            "FunctionName": {"Fn::Join": ["", [REFERENCE, ":live"]]},
        },
    )


def test_the_topic_feeds_the_alias(template: Template) -> None:
    """The topic is subscribed by the alias, and may invoke only it."""
    (alias,) = (id_ for id_ in template.find_resources("AWS::Lambda::Alias") if id_.startswith("Echo2"))
    template.has_resource_properties("AWS::SNS::Subscription", {"Protocol": "lambda", "Endpoint": {"Ref": alias}})
    template.has_resource_properties(
        "AWS::Lambda::Permission",
        {"FunctionName": {"Ref": alias}, "Principal": "sns.amazonaws.com", "SourceArn": {"Ref": REFERENCE}},
    )


def test_the_topic_may_write_dead_letters(template: Template) -> None:
    """The topic may send to its dead-letter queue, and use the key that encrypts it."""
    template.has_resource_properties(
        "AWS::SQS::QueuePolicy",
        {
            "PolicyDocument": {
                "Statement": Match.array_with(
                    [Match.object_like({"Action": "sqs:SendMessage", "Principal": {"Service": "sns.amazonaws.com"}})]
                )
            }
        },
    )
    template.has_resource_properties(
        "AWS::KMS::Key",
        {
            "KeyPolicy": {
                "Statement": Match.array_with(
                    [
                        Match.object_like(
                            {
                                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                                "Principal": {"Service": "sns.amazonaws.com"},
                                "Condition": {"ArnLike": {"aws:SourceArn": REFERENCE}},
                            }
                        )
                    ]
                )
            }
        },
    )
