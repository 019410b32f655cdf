"""Deployments of HTTP and WebSocket APIs in a template: they are created, and refused where AWS refuses them."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.workspace.resource_notes import resource_notes
from tests.conftest import Embedded

API = {"Ref": "Api"}


def api(protocol: str, **deployment: str) -> dict[str, Any]:
    """An API of this protocol with a deployment, in a stage; it has no route yet."""
    named = {"Name": "chat", "ProtocolType": protocol}
    selection = {"RouteSelectionExpression": "$request.body.action"} if protocol == "WEBSOCKET" else {}
    return {
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {**named, **selection}},
        "Deployment": {
            "Type": "AWS::ApiGatewayV2::Deployment",
            "Properties": {"ApiId": API, **deployment},
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": API, "StageName": "prod", "DeploymentId": {"Ref": "Deployment"}},
        },
    }


def with_route(template: dict[str, Any]) -> dict[str, Any]:
    """The template with a route, which the deployment depends on."""
    route = {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"ApiId": API, "RouteKey": "$default"}}
    return {**template, "Route": route, "Deployment": {**template["Deployment"], "DependsOn": ["Route"]}}


def test_a_stage_has_the_deployment_of_its_template(embedded: Embedded) -> None:
    """Nothing needs to be accepted. An update keeps the deployment; the end of a run says that it is not a snapshot."""
    name = embedded.name("chat")
    outputs = {"Api": API, "Deployment": {"Fn::GetAtt": ["Deployment", "DeploymentId"]}}
    for description in ("first", "second"):
        stack = embedded.stack(name, with_route(api("WEBSOCKET", Description=description)), **outputs)
        assert stack["StackStatus"].endswith("E_COMPLETE"), stack.get("StackStatusReason")
        found = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        client = embedded.client("apigatewayv2")
        (deployment,) = client.get_deployments(ApiId=found["Api"])["Items"]
        assert deployment["DeploymentId"] == found["Deployment"]
        assert client.get_stage(ApiId=found["Api"], StageName="prod")["DeploymentId"] == found["Deployment"]
    (line,) = [line for line in resource_notes(embedded.workspace) if f" {name}/" in line]
    assert line.startswith(f"AWS::ApiGatewayV2::Deployment {name}/Deployment is not a snapshot")


def test_a_deployment_for_a_stage_changes_the_stage(embedded: Embedded) -> None:
    """The stage that StageName names serves the deployment; a stage that does not exist fails the stack."""
    template = with_route(api("HTTP", StageName="prod"))
    template["Deployment"]["DependsOn"].append("Stage")
    del template["Stage"]["Properties"]["DeploymentId"]
    stack = embedded.stack(embedded.name("http"), template, Api=API, Deployment={"Ref": "Deployment"})
    found = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    stage = embedded.client("apigatewayv2").get_stage(ApiId=found["Api"], StageName="prod")
    assert stage["DeploymentId"] == found["Deployment"]
    del template["Stage"]
    template["Deployment"]["DependsOn"].remove("Stage")
    stack = embedded.stack(embedded.name("http"), template)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        ("WEBSOCKET", "At least one route is required before deploying the Api"),
        ("HTTP", "Unable to deploy API because no routes exist in this API"),
    ],
)
def test_an_api_without_routes_is_not_deployed(embedded: Embedded, protocol: str, message: str) -> None:
    """As on AWS, where a template without `DependsOn` deploys before it has created the routes."""
    name = embedded.name("empty")
    stack = embedded.stack(name, api(protocol))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = embedded.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    assert any(message in event.get("ResourceStatusReason", "") for event in events)
