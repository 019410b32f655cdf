"""The stacks of an environment are the ones whose name begins with its stage."""

from __future__ import annotations

from typing import Any

from botocore.stub import Stubber

from cdk_delivery.commands.stacks import environment_stacks
from cdk_delivery.settings.environment import Environment
from tests.commands.stubbed import Answers, Stubbed, holding

DEV = Environment[dict[str, Any]](name="dev", account="222222222222", region="eu-west-1")


def names(answers: Answers) -> list[str]:
    return [stack.name for stack in environment_stacks(DEV, Stubbed(answers))]


def created(name: str, day: int, **known: str) -> dict[str, str]:
    return {"StackName": name, "CreationTime": f"2026-01-{day:02}T00:00:00Z", **known}


def test_several_stacks_are_deleted_in_reverse_order_of_their_creation() -> None:
    """A stack that imports an export of another was created later, and is deleted first."""
    found = names(holding(created("Dev-Data", 1), created("Dev-Shop", 3), created("Dev-Queue", 2)))
    assert found == ["Dev-Shop", "Dev-Queue", "Dev-Data"]


def test_stacks_of_other_stages_are_left_out() -> None:
    """A stack with the stage's name elsewhere in its name, or as part of a longer word, is not found."""
    assert names(holding("Dev2-Shop", "Dev", "Prod-Dev-Shop", "Dev-Shop", "CDKToolkit")) == ["Dev-Shop"]


def test_a_nested_stack_goes_with_its_parent() -> None:
    """Nested stacks are left out, since CloudFormation deletes them with their parent."""
    parent = "arn:aws:cloudformation:eu-west-1:222222222222:stack/Dev-Shop/1"
    nested = created("Dev-Shop-Nested", 2, ParentId=parent, RootId=parent)
    assert names(holding(created("Dev-Shop", 1), nested)) == ["Dev-Shop"]


def test_every_page_is_read() -> None:
    """Stacks on later pages of DescribeStacks are found too."""

    def pages(stub: Stubber) -> None:
        known = {"StackStatus": "CREATE_COMPLETE"}
        stub.add_response("describe_stacks", {"Stacks": [created("Other", 1) | known], "NextToken": "2"})
        stub.add_response("describe_stacks", {"Stacks": [created("Dev-Shop", 1) | known]}, {"NextToken": "2"})

    assert names(pages) == ["Dev-Shop"]
