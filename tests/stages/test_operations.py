"""Alarms, the dashboard, and settings that differ between environments."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Annotations, Match, Template

from stages.catalog import FUNCTIONS
from stages.echo_stack import Release
from stages.event_sources import QueueSource
from stages.service_options import ServiceOptions
from tests.stages.conftest import echo_stack

FUNCTION, QUEUE = "AWS/Lambda", "AWS/SQS"


def alarms(template: Template) -> Iterator[dict[str, Any]]:
    for alarm in template.find_resources("AWS::CloudWatch::Alarm").values():
        yield alarm["Properties"]


def watched(template: Template) -> list[tuple[str, str]]:
    """Return namespace and metric of every alarm."""
    return sorted((alarm["Namespace"], alarm["MetricName"]) for alarm in alarms(template))


def test_everything_that_can_go_wrong_has_an_alarm(template: Template) -> None:
    """Each function, dead-letter queue and feeding queue has its alarms."""
    wanted: list[tuple[str, str]] = []
    for declared in FUNCTIONS:
        wanted += [(FUNCTION, "Errors"), (FUNCTION, "Throttles"), (FUNCTION, "Duration")]
        wanted.append((QUEUE, "ApproximateNumberOfMessagesVisible"))
        wanted += [(QUEUE, "ApproximateAgeOfOldestMessage")] if declared.feed is QueueSource else []
    assert watched(template) == sorted(wanted)


def test_one_dead_letter_is_enough(template: Template) -> None:
    """One dead letter raises an alarm."""
    (threshold,) = {
        (alarm["ComparisonOperator"], alarm["Threshold"])
        for alarm in alarms(template)
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    }
    assert threshold == ("GreaterThanOrEqualToThreshold", 1)


def test_a_function_near_its_timeout_is_an_alarm(changed: Template) -> None:
    """A duration of 80% of the timeout raises an alarm."""
    assert {alarm["Threshold"] for alarm in alarms(changed) if alarm["MetricName"] == "Duration"} == {5_600}


def test_missing_data_raises_no_alarm(template: Template) -> None:
    """Missing data does not raise an alarm, since a service without traffic has none."""
    assert {alarm["TreatMissingData"] for alarm in alarms(template)} == {"notBreaching"}


def test_alarms_notify_the_topic(template: Template) -> None:
    """All alarms notify the alarms' topic."""
    (topic,) = (id_ for id_ in template.find_resources("AWS::SNS::Topic") if id_.startswith("AlarmsTopic"))
    assert all(alarm["AlarmActions"] == [{"Ref": topic}] for alarm in alarms(template))
    assert all(alarm["ActionsEnabled"] for alarm in alarms(template))


def test_alarms_can_be_kept_quiet(changed: Template) -> None:
    """Alarms with disabled actions still show on the dashboard."""
    assert not any(alarm["ActionsEnabled"] for alarm in alarms(changed))


def test_an_address_is_subscribed_to_alarms(changed: Template) -> None:
    """An address in the settings is subscribed to the alarms."""
    changed.has_resource_properties("AWS::SNS::Subscription", {"Protocol": "email", "Endpoint": "team@example.com"})


@pytest.mark.parametrize(
    ("options", "addresses"),
    [
        (ServiceOptions(), ["team@example.com"]),
        (ServiceOptions(alarm_email="night@example.com"), ["night@example.com"]),
        (ServiceOptions(alarm_actions=False), []),
    ],
    ids=["by default", "another address", "quiet"],
)
def test_subscribers_of_notices_get_alarms(release: Release, options: ServiceOptions, addresses: list[str]) -> None:
    """The notices' subscribers get alarms, unless the settings name another address or disable the actions."""
    stack = echo_stack(App(analytics_reporting=False), release, options, ["team@example.com"])
    found = Template.from_stack(stack).find_resources("AWS::SNS::Subscription", {"Properties": {"Protocol": "email"}})
    assert [subscription["Properties"]["Endpoint"] for subscription in found.values()] == addresses


def test_alarms_without_a_subscriber_are_a_warning(release: Release) -> None:
    """Alarms without a subscriber are a warning at synthesis; disabled ones are not."""
    for options, count in ((ServiceOptions(), 1), (ServiceOptions(alarm_actions=False), 0)):
        stack = echo_stack(App(analytics_reporting=False), release, options)
        warnings = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("reach nobody"))
        assert len(warnings) == count


def test_the_dashboard_shows_every_alarm(template: Template) -> None:
    """The dashboard has every alarm."""
    (board,) = template.find_resources("AWS::CloudWatch::Dashboard").values()
    body = json.dumps(board["Properties"]["DashboardBody"])
    assert [id_ for id_ in template.find_resources("AWS::CloudWatch::Alarm") if id_ not in body] == []


@pytest.mark.parametrize(("which", "policy"), [("changed", "RetainExceptOnCreate"), ("template", "Delete")])
def test_whether_data_outlives_the_stack_is_a_setting(request: pytest.FixtureRequest, which: str, policy: str) -> None:
    """A setting retains queues, logs and their key with the stack's deletion, but not after a failed creation."""
    template: Template = request.getfixturevalue(which)
    for kind in ("AWS::SQS::Queue", "AWS::Logs::LogGroup", "AWS::KMS::Key"):
        resources = template.find_resources(kind).values()
        replaced = policy.removesuffix("ExceptOnCreate")
        assert {(found["DeletionPolicy"], found["UpdateReplacePolicy"]) for found in resources} == {(policy, replaced)}


def test_logs_are_kept_as_long_as_the_settings_say(changed: Template) -> None:
    """The log retention is a setting."""
    changed.all_resources_properties("AWS::Logs::LogGroup", {"RetentionInDays": 365})
