"""The name of the deployed pipeline, also in a nested stack."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

from rehearsal.deploy.deployment import deployed_name
from rehearsal.project.cloud_assembly import PipelineResource, Stack

STACKS = {
    "top": {"Inner": "arn:inner", "Other": "arn:other"},
    "arn:inner": {"Deeper": "arn:deeper"},
    "arn:deeper": {"P": "delivery-1234"},
}


def test_the_stacks_around_a_pipeline_lead_to_its_name() -> None:
    """The name is found through each nested stack by its logical id."""

    def describe(StackName: str) -> dict[str, list[dict[str, str]]]:  # noqa: N803 - the API's
        found = STACKS[StackName].items()
        return {"StackResources": [{"LogicalResourceId": id_, "PhysicalResourceId": name} for id_, name in found]}

    endpoint = Mock()
    endpoint.client.return_value.describe_stack_resources = describe
    stack = Stack("Top", "top", "111111111111", "eu-west-1", Path("top.json"))
    assert deployed_name(endpoint, PipelineResource(stack, "P", {}, ("Inner", "Deeper"))) == "delivery-1234"
