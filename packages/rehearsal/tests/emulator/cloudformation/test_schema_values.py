"""Values of Ref and Fn::GetAtt for resources without effect."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ministack.core.responses import request_scope

from rehearsal.emulator.cloudformation.schema_values import resource_values
from rehearsal.workspace.resource_notes import resource_notes
from tests.conftest import ACCOUNT, REGION, Embedded


def values(type_: str, **properties: Any) -> tuple[str, dict[str, str]]:
    """Return the reference and the attributes of the resource `stack-Thing`."""
    with request_scope(ACCOUNT, REGION):
        return resource_values(type_, "stack-Thing", properties)


@pytest.mark.parametrize(
    ("type_", "properties", "reference", "attributes"),
    [
        (
            "AWS::CodeBuild::ReportGroup",
            {},
            rf"arn:aws:codebuild:{REGION}:{ACCOUNT}:reportgroup/stack-Thing",
            {"Arn": rf"arn:aws:codebuild:{REGION}:{ACCOUNT}:reportgroup/stack-Thing"},
        ),
        (
            "AWS::EC2::NatGateway",
            {},
            r"nat-[0-9a-f]{17}",
            {"NatGatewayId": r"nat-[0-9a-f]{17}", "EniId": r"eni-[0-9a-f]{17}"},
        ),
        (
            "AWS::EC2::EIP",
            {},
            r"203\.0\.113\.\d+",
            {"AllocationId": r"eipalloc-[0-9a-f]{17}", "PublicIp": r"203\.0\.113\.\d+"},
        ),
        (
            "AWS::ElasticBeanstalk::Environment",
            {"EnvironmentName": "web"},
            "web",
            {"EndpointURL": r"https://[0-9a-f]{12}\.elasticbeanstalk\.eu-west-1\.amazonaws\.com/"},
        ),
        ("Custom::Thing", {}, "stack-Thing", {"Id": "stack-Thing"}),
    ],
)
def test_values_have_the_form_that_the_schema_says(
    type_: str, properties: dict[str, Any], reference: str, attributes: dict[str, str]
) -> None:
    """Ref is the schema's identifier, from the template if it has one; each attribute has the form of its name."""
    found, known = values(type_, **properties)
    assert re.fullmatch(reference, found), found
    for name, form in attributes.items():
        assert re.fullmatch(form, known[name]), (name, known[name])


def test_values_stay_and_differ_between_resources() -> None:
    """The values of a resource are the same at each update, and differ from another resource's values."""
    with request_scope(ACCOUNT, REGION):
        first, again = (resource_values("AWS::EC2::NatGateway", "stack-One", {}) for _ in range(2))
        other = resource_values("AWS::EC2::NatGateway", "stack-Two", {})
    assert first == again
    assert first[0] != other[0]


def test_the_deliverys_own_types_are_known_without_being_accepted(embedded: Embedded) -> None:
    """Connections have an ARN and AWS's initial status, webhooks have a URL; an update keeps the connection's ARN."""
    connections: dict[str, Any] = {
        name: {
            "Type": f"AWS::{service}::Connection",
            "Properties": {"ConnectionName": name, "ProviderType": "GitHub"},
        }
        for name, service in (("Old", "CodeStarConnections"), ("New", "CodeConnections"))
    }
    webhook = {"Type": "AWS::CodePipeline::Webhook", "Properties": {"Name": "hook", "Authentication": "GITHUB_HMAC"}}
    outputs = {
        "Old": {"Ref": "Old"},
        "New": {"Fn::GetAtt": ["New", "ConnectionArn"]},
        "Status": {"Fn::GetAtt": ["New", "ConnectionStatus"]},
        "Hook": {"Ref": "Hook"},
        "Url": {"Fn::GetAtt": ["Hook", "Url"]},
    }
    stack = embedded.stack("delivery-types", {**connections, "Hook": webhook}, **outputs)
    found = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    for name, service in (("Old", "codestar-connections"), ("New", "codeconnections")):
        assert re.fullmatch(rf"arn:aws:{service}:{REGION}:{ACCOUNT}:connection/[0-9a-f-]{{36}}", found[name])
    assert (found["Status"], found["Hook"]) == ("PENDING", "hook")
    assert found["Url"].startswith("https://webhooks.domain.com/trigger/")
    said = "; ".join(resource_notes(embedded.workspace))
    assert "AWS::CodeConnections::Connection delivery-types/New is PENDING on AWS" in said
    assert "AWS::CodePipeline::Webhook delivery-types/Hook has no effect" in said
    connections["New"]["Properties"]["Tags"] = [{"Key": "a", "Value": "b"}]
    changed = embedded.stack("delivery-types", {**connections, "Hook": webhook}, **outputs)
    assert {output["OutputKey"]: output["OutputValue"] for output in changed["Outputs"]} == found
