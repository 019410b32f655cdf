"""Resource names that are in use: MiniStack replaces the existing resource, CloudFormation fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ministack.services import cloudformation, dynamodb
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.ministack.corrections import refusals
from rehearsal.emulator.ministack.patches import correct
from tests.conftest import Embedded

KEY = {"AttributeName": "id", "AttributeType": "S"}
TABLE = {
    "TableName": "orders",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [KEY],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}


def table(name: str, **members: str) -> dict[str, Any]:
    return {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {**TABLE, "TableName": name}, **members}}


def reason(embedded: Embedded, stack: str) -> str:
    """Return the first reason why a resource of the stack could not be created."""
    events = embedded.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return str(
        next(event for event in reversed(events) if event["ResourceStatus"] == "CREATE_FAILED")["ResourceStatusReason"]
    )


def test_ministack_replaces_a_table_of_another_stack(as_it_comes: None) -> None:
    """The fault: the first stack's items are lost. Corrected, the second table fails; the error names the owner."""
    name, _ = provisioners._provision_resource("AWS::DynamoDB::Table", "Table", TABLE, "first")
    resource = {"ResourceType": "AWS::DynamoDB::Table", "PhysicalResourceId": name}
    cloudformation._stacks["first"] = {"StackName": "first", "_resources": {"Table": resource}}
    dynamodb._tables[name]["items"]["1"]["1"] = {"id": {"S": "1"}}
    provisioners._provision_resource("AWS::DynamoDB::Table", "Table", TABLE, "second")
    assert not dynamodb._tables[name]["items"]
    correct(refusals.TAKEN_NAMES)
    with pytest.raises(ValueError, match="identifier 'orders' already exists: it is Table of the stack first"):
        provisioners._provision_resource("AWS::DynamoDB::Table", "Table", TABLE, "second")


@pytest.mark.parametrize(
    ("type_", "properties"),
    [
        ("AWS::CloudWatch::Dashboard", {"DashboardName": "health", "DashboardBody": "{}"}),
        ("AWS::DynamoDB::Table", TABLE),
        ("AWS::Events::Rule", {"Name": "nightly", "ScheduleExpression": "rate(1 day)"}),
        ("AWS::Logs::LogGroup", {"LogGroupName": "/service/log"}),
        ("AWS::SNS::Topic", {"TopicName": "notices"}),
        ("AWS::SQS::Queue", {"QueueName": "work"}),
    ],
)
def test_a_second_stack_cannot_have_the_name(embedded: Embedded, type_: str, properties: Mapping[str, object]) -> None:
    """A second stack with the name fails and names the first one, whose deletion frees the name."""
    resources = {"Mine": {"Type": type_, "Properties": properties}}
    first, second = embedded.name("first"), embedded.name("second")
    assert embedded.stack(first, resources)["StackStatus"] == "CREATE_COMPLETE"
    assert embedded.stack(second, resources)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert f"already exists: it is Mine of the stack {first}" in reason(embedded, second)
    assert (
        embedded.stack(first, {**resources, "Other": {"Type": "AWS::SNS::Topic"}})["StackStatus"] == "UPDATE_COMPLETE"
    )
    api = embedded.client("cloudformation")
    api.delete_stack(StackName=first)
    api.get_waiter("stack_delete_complete").wait(StackName=first, WaiterConfig={"Delay": 1})
    assert embedded.stack(embedded.name("third"), resources)["StackStatus"] == "CREATE_COMPLETE"


def test_a_retained_table_keeps_its_name(embedded: Embedded) -> None:
    """A stack fails if a retained table of a deleted stack has the name."""
    name, stack = embedded.name("table"), embedded.name("stack")
    assert embedded.stack(stack, table(name, DeletionPolicy="Retain"))["StackStatus"] == "CREATE_COMPLETE"
    api = embedded.client("cloudformation")
    api.delete_stack(StackName=stack)
    api.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    again = embedded.name("again")
    assert embedded.stack(again, table(name))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert f"identifier '{name}' already exists: no stack has it" in reason(embedded, again)
    assert name in embedded.client("dynamodb").list_tables()["TableNames"]


def test_an_update_keeps_the_name(embedded: Embedded) -> None:
    """A resource that is updated in place does not conflict with its own name."""
    stack, name = embedded.name("stack"), embedded.name("rule")
    for schedule, status in (("rate(1 day)", "CREATE_COMPLETE"), ("rate(2 days)", "UPDATE_COMPLETE")):
        rule = {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"Name": name, "ScheduleExpression": schedule}}}
        assert embedded.stack(stack, rule)["StackStatus"] == status
    assert embedded.client("events").describe_rule(Name=name)["ScheduleExpression"] == "rate(2 days)"


def test_the_end_of_a_name_is_another_name(embedded: Embedded) -> None:
    """A log group may have the name of the last part of another group's path."""
    for name in ("/orders/errors", "errors"):
        group = {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}}
        assert embedded.stack(embedded.name("stack"), group)["StackStatus"] == "CREATE_COMPLETE"
