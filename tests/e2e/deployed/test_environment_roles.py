"""The roles of an environment's tests, readers and functions in the running embedded AWS: allowed and denied calls."""

from __future__ import annotations

import pytest

from tests.e2e.deployed.acting import ACCOUNTS, Acting, changed, environment_role
from tests.e2e.deployed.conftest import Deployed
from tests.e2e.deployed.lookup import letters, outputs

pytestmark = pytest.mark.e2e


def test_the_tester_in_dev_calls_and_changes_nothing(deployed: Deployed) -> None:
    """The tester in dev can invoke aliases, send messages and read logs, and change nothing."""
    role, found = Acting(deployed, "dev", "-dev-eu-west-1-tests"), outputs(deployed, "dev")
    name = found["EchoFunctionName"]
    assert role.may("lambda", "get_function_configuration", FunctionName=name, Qualifier="live")
    assert role.may("sqs", "send_message", QueueUrl=found["EchoQueueUrl"], MessageBody="{}")
    assert role.may("logs", "filter_log_events", logGroupName=found["EchoLogGroupName"])
    assert changed(role, name) == []
    assert not role.may("sqs", "receive_message", QueueUrl=found["EchoQueueUrl"])
    assert not role.may("cloudformation", "delete_stack", StackName="Dev-Echo")
    assert not role.may_assume(environment_role("prod", "tests"))


def test_the_tester_in_prod_only_calls(deployed: Deployed) -> None:
    """The tester in prod can invoke functions, and cannot send messages."""
    role, found = Acting(deployed, "prod", "-prod-eu-west-1-tests"), outputs(deployed, "prod")
    name = found["EchoFunctionName"]
    assert role.may("lambda", "get_function_configuration", FunctionName=name, Qualifier="live")
    assert not role.may("sqs", "send_message", QueueUrl=found["EchoQueueUrl"], MessageBody="{}")
    assert changed(role, name) == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_reader_role_reads_templates_and_policies_and_nothing_else(deployed: Deployed, environment: str) -> None:
    """The reader role, which pushed code uses before an approval, reads only templates and policies."""
    role, found = Acting(deployed, environment, "cdk-delivery-reader-"), outputs(deployed, environment)
    stack, policy = f"{environment.capitalize()}-Echo", f"arn:aws:iam::{ACCOUNTS[environment]}:policy/delivery-boundary"
    assert role.may("cloudformation", "describe_stacks", StackName=stack)
    assert role.may("cloudformation", "get_template", StackName=stack)
    assert role.may("iam", "get_policy", PolicyArn=policy)
    assert not role.may("cloudformation", "get_template", StackName="CDKToolkit")
    assert not role.may("cloudformation", "delete_stack", StackName=stack)
    assert not role.may("lambda", "get_function_configuration", FunctionName=found["EchoFunctionName"])
    assert not role.may("iam", "list_roles")
    assert not role.may("s3", "list_buckets")
    assert changed(role, found["EchoFunctionName"]) == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_function_does_its_own_work_alone(deployed: Deployed, environment: str) -> None:
    """A function can read its queue and write its log, and reads no other function, secret or log."""
    role, found = Acting(deployed, environment, "Echo-EchoRole"), outputs(deployed, environment)
    assert role.may("sqs", "receive_message", QueueUrl=found["EchoQueueUrl"])
    assert not role.may("sqs", "send_message", QueueUrl=found["EchoQueueUrl"], MessageBody="{}")
    assert not role.may("lambda", "get_function", FunctionName=found["EchoFunctionName"])
    assert not role.may("ssm", "get_parameter", Name="/cdk-bootstrap/hnb659fds/version")
    assert not role.may("logs", "filter_log_events", logGroupName=found["Echo2LogGroupName"])
    assert changed(role, found["EchoFunctionName"]) == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_second_function_has_no_part_in_the_first_ones_work(deployed: Deployed, environment: str) -> None:
    """The second function has a separate log and dead-letter queue, and no access to the first one's queue."""
    role, found = Acting(deployed, environment, "Echo-Echo2Role"), outputs(deployed, environment)
    for group, allowed in ((found["Echo2LogGroupName"], True), (found["EchoLogGroupName"], False)):
        assert role.may("logs", "create_log_stream", logGroupName=group, logStreamName=f"tried-{allowed}") is allowed
    assert role.may("sqs", "send_message", QueueUrl=letters(deployed, environment, "Echo2"), MessageBody="{}")
    assert not role.may("sqs", "receive_message", QueueUrl=found["EchoQueueUrl"])
    assert not role.may("sqs", "send_message", QueueUrl=found["EchoQueueUrl"], MessageBody="{}")
    assert not role.may("lambda", "get_function", FunctionName=found["Echo2FunctionName"])
    assert changed(role, found["EchoFunctionName"]) == []
    assert not role.may("ssm", "get_parameter", Name="/cdk-bootstrap/hnb659fds/version")
