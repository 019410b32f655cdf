"""The notifications of the pipeline and their subscribers."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk.assertions import Template

from cdk_delivery.constructs.project_files import Project
from tests.synthesis import Synthesized, synthesize

# Events of CodePipeline. Source: AWS CodePipeline user guide, "Monitoring CodePipeline events".
FAILED = {"detail-type": "CodePipeline Action Execution State Change", "state": "FAILED"}
SUCCEEDED = {"detail-type": "CodePipeline Pipeline Execution State Change", "state": "SUCCEEDED"}

# The rules whose target is the function that writes notices.
OF_NOTICES = {"Properties": {"EventPattern": {"source": ["aws.codepipeline"]}}}


def rule(template: Template, event: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the only rule whose pattern matches the event."""
    rules: list[Mapping[str, Any]] = [
        resource["Properties"] for resource in template.find_resources("AWS::Events::Rule").values()
    ]
    (found,) = (
        properties
        for properties in rules
        if event["detail-type"] in properties["EventPattern"]["detail-type"]
        and event["state"] in properties["EventPattern"]["detail"]["state"]
    )
    return found


@pytest.mark.parametrize("event", [FAILED, SUCCEEDED])
def test_events_reach_the_notifier(synthesized: Synthesized, event: Mapping[str, str]) -> None:
    """Only events of this pipeline are passed, unchanged, to the function that writes notices."""
    found = rule(synthesized.pipeline, event)
    assert "codepipeline" in json.dumps(found["EventPattern"]["resources"])
    (function,) = synthesized.pipeline.find_resources("AWS::Lambda::Function")
    assert found["Targets"] == [{"Id": "Target0", "Arn": {"Fn::GetAtt": [function, "Arn"]}}]


def test_an_event_without_a_notice_reaches_the_topic(synthesized: Synthesized) -> None:
    """The topic is the function's dead-letter queue, so that subscribers get the event itself if the function fails."""
    (function,) = synthesized.pipeline.find_resources("AWS::Lambda::Function").values()
    (topic,) = synthesized.pipeline.find_resources("AWS::SNS::Topic")
    assert function["Properties"]["DeadLetterConfig"] == {"TargetArn": {"Ref": topic}}
    assert function["Properties"]["Environment"]["Variables"]["TOPIC"] == {"Ref": topic}


def test_the_code_fits_into_the_template(synthesized: Synthesized) -> None:
    """A template in S3 has at most 1 MB. Source: AWS CloudFormation user guide, "Understand CloudFormation quotas".

    The limit of 4,096 characters for code in a template was removed (aws-cdk pull request 20624).
    """
    assert len(json.dumps(synthesized.pipeline.to_json())) <= 1_000_000


def test_the_age_of_artifacts_is_that_of_their_bucket(synthesized: Synthesized) -> None:
    """The notifier's age of artifacts is the bucket's expiry, so that no notice promises an impossible rollback."""
    (function,) = synthesized.pipeline.find_resources("AWS::Lambda::Function").values()
    days = int(function["Properties"]["Environment"]["Variables"]["ARTIFACT_DAYS"])
    rules = json.dumps(synthesized.pipeline.find_resources("AWS::S3::Bucket"))
    assert f'"ExpirationInDays": {days}' in rules


def test_notices_are_encrypted(synthesized: Synthesized) -> None:
    """The topic has a customer managed key, since notices have revisions and accounts."""
    (topic,) = synthesized.pipeline.find_resources("AWS::SNS::Topic").values()
    assert "Fn::GetAtt" in topic["Properties"]["KmsMasterKeyId"]


def test_only_the_pipelines_rules_send_notices(synthesized: Synthesized) -> None:
    """EventBridge may not publish to the topic, since any rule of the account could then send approval requests."""
    (policy,) = synthesized.pipeline.find_resources("AWS::SNS::TopicPolicy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    assert [statement["Effect"] for statement in statements] == ["Deny"]
    (key,) = synthesized.pipeline.find_resources("AWS::KMS::Key").values()
    assert "events.amazonaws.com" not in json.dumps(key["Properties"]["KeyPolicy"])
    permissions = synthesized.pipeline.find_resources("AWS::Lambda::Permission").values()
    callers = [permission["Properties"]["SourceArn"]["Fn::GetAtt"][0] for permission in permissions]
    assert sorted(callers) == sorted(synthesized.pipeline.find_resources("AWS::Events::Rule", OF_NOTICES))


@pytest.mark.slow
def test_every_subscriber_of_the_settings_is_subscribed(context: dict[str, Any], project: Project) -> None:
    """Each e-mail address and each endpoint of the settings has a subscription."""
    notify = {"emails": ["a@company.com", "b@company.com"], "endpoints": ["https://chat.company.com/bridge"]}
    template = synthesize(context, project, lambda settings: settings.update(notify=notify))
    subscriptions = [resource["Properties"] for resource in template.find_resources("AWS::SNS::Subscription").values()]
    assert sorted((properties["Protocol"], properties["Endpoint"]) for properties in subscriptions) == [
        ("email", "a@company.com"),
        ("email", "b@company.com"),
        ("https", "https://chat.company.com/bridge"),
    ]
