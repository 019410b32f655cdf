"""API Gateway APIs that answer under AWS's host names."""

from __future__ import annotations

import ssl
import urllib.request
from typing import Any

from ministack import app
from ministack.core.responses import request_scope
from ministack.services import apigateway, apigateway_v1
from ministack.services.cloudformation import provisioners

from tests.conftest import ACCOUNT, REGION, Embedded

OTHER = "222222222222"
CODE = "def handler(event, _): return {'statusCode': 200, 'body': event.get('rawPath') or event['path']}"


def test_ministack_does_not_know_awss_names_of_apis() -> None:
    """The fault: MiniStack serves an API only below its own host, and the API's endpoint is such a name."""
    assert app._parse_execute_api_url(f"0123abcd.execute-api.{REGION}.amazonaws.com", "/prod/items") is None
    with request_scope(ACCOUNT, REGION):
        api_id, attributes = provisioners._apigw_v2_api_create("Api", {}, "stack")
        apigateway._apis.pop(api_id)
    assert "amazonaws.com" not in attributes["ApiEndpoint"]


def test_ministack_looks_for_an_api_in_the_callers_account() -> None:
    """The fault: MiniStack does not find an API for a request from another account, or for an unsigned one."""
    for module, apis in ((apigateway, apigateway._apis), (apigateway_v1, apigateway_v1._rest_apis)):
        with request_scope(ACCOUNT, REGION):
            apis["0123abcd"] = {}
            assert module.find_api_scope("0123abcd") == (ACCOUNT, REGION)
        with request_scope(OTHER, REGION):
            assert module.find_api_scope("0123abcd") is None
        with request_scope(ACCOUNT, REGION):
            apis.pop("0123abcd")


def test_a_deployed_api_answers_under_the_endpoint_of_its_stack(embedded: Embedded) -> None:
    """HTTP APIs answer at their ApiEndpoint, REST APIs at the URL of CDK's stack output."""
    stack = embedded.stack(
        "apis",
        {**_function(), **_http_api(), **_rest_api()},
        Http={"Fn::GetAtt": ["Http", "ApiEndpoint"]},
        Rest={"Fn::Sub": "https://${Rest}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod"},
    )
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    urls = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert urls["Http"].endswith(f".execute-api.{REGION}.amazonaws.com")
    assert get(embedded, f"{urls['Http']}/items/1") == "/items/1"
    assert get(embedded, f"{urls['Rest']}/") == "/"


def get(embedded: Embedded, url: str) -> str:
    """Return the response that a program with a build's environment variables gets."""
    proxy = urllib.request.ProxyHandler({"https": embedded.endpoint.proxy})
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(embedded.endpoint.ca)))
    with urllib.request.build_opener(proxy, trust).open(url, timeout=30) as answer:
        return str(answer.read().decode())


def _function() -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
    function = {
        "Code": {"ZipFile": CODE},
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Runtime": "python3.13",
    }
    return {
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
    }


def _http_api() -> dict[str, Any]:
    integration = {
        "ApiId": {"Ref": "Http"},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": {"Fn::GetAtt": ["Function", "Arn"]},
        "PayloadFormatVersion": "2.0",
    }
    target = {"Fn::Sub": "integrations/${Integration}"}
    route = {"ApiId": {"Ref": "Http"}, "RouteKey": "$default", "Target": target}
    stage = {"ApiId": {"Ref": "Http"}, "StageName": "$default", "AutoDeploy": True}
    return {
        "Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "http", "ProtocolType": "HTTP"}},
        "Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": integration},
        "Route": {"Type": "AWS::ApiGatewayV2::Route", "Properties": route},
        "Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": stage},
    }


def _rest_api() -> dict[str, Any]:
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations"
    method = {
        "RestApiId": {"Ref": "Rest"},
        "ResourceId": {"Fn::GetAtt": ["Rest", "RootResourceId"]},
        "HttpMethod": "GET",
        "AuthorizationType": "NONE",
        "Integration": {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": {"Fn::Sub": uri}},
    }
    deployment = {"RestApiId": {"Ref": "Rest"}, "StageName": "prod"}
    return {
        "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "rest"}},
        "Method": {"Type": "AWS::ApiGateway::Method", "Properties": method},
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "DependsOn": "Method", "Properties": deployment},
    }
