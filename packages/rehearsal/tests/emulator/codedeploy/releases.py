"""Stacks with a function whose alias `live` is updated through CodeDeploy."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import Embedded

LIMITED = "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited"
CODE = """
def handler(event, context):
    {body}
    return context.function_version
"""
HOOK = """
import boto3
def handler(event, context):
    print("asked", event)
    if "{status}":
        boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
            deploymentId=event["DeploymentId"],
            lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
            status="{status}",
        )
"""


def role(service: str, *statements: Mapping[str, Any], managed: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a role for a service, with a policy of these statements."""
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}]}
    properties: dict[str, Any] = {"AssumeRolePolicyDocument": trust, "ManagedPolicyArns": list(managed)}
    if statements:
        properties["Policies"] = [{"PolicyName": "own", "PolicyDocument": {"Statement": list(statements)}}]
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def allow(*actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


def function(code: str, role_id: str) -> dict[str, Any]:
    properties = {
        "Code": {"ZipFile": code},
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": [role_id, "Arn"]},
        "Runtime": "python3.13",
        "Timeout": 30,
    }
    return {"Type": "AWS::Lambda::Function", "Properties": properties}


@dataclass(frozen=True)
class Service:
    """One stack.

    minutes: the interval of its ten percent canary; hooks: event -> the status that its function sends.
    """

    embedded: Embedded
    name: str
    minutes: int = 1
    hooks: Mapping[str, str] = field(default_factory=dict)
    alarm: bool = False
    service_role: Mapping[str, Any] = field(
        default_factory=lambda: role("codedeploy.amazonaws.com", allow("lambda:InvokeFunction"), managed=(LIMITED,))
    )

    def release(
        self,
        number: int,
        body: str = "pass",
        *,
        group: bool = True,
        more: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        """Create or update the stack to a version, and return its final description. more: additional resources."""
        api = self.embedded.client("cloudformation")
        template = json.dumps({"Resources": {**self.resources(number, body, group=group), **(more or {})}})
        exists = any(stack["StackName"] == self.name for stack in api.describe_stacks()["Stacks"])
        deploy = api.update_stack if exists else api.create_stack
        deploy(StackName=self.name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"], **parameters)
        return self.embedded.settled(self.name)

    def resources(self, number: int, body: str, *, group: bool) -> dict[str, Any]:
        version = {"Fn::GetAtt": [f"Version{number}", "Version"]}
        policy = {"ApplicationName": {"Ref": "Application"}, "DeploymentGroupName": {"Ref": "Group"}}
        policy |= {f"{event}Hook": {"Ref": event} for event in self.hooks}
        alias: dict[str, Any] = {
            "Type": "AWS::Lambda::Alias",
            "Properties": {"FunctionName": {"Ref": "Function"}, "FunctionVersion": version, "Name": "live"},
        }
        if group:
            alias["UpdatePolicy"] = {"CodeDeployLambdaAliasUpdate": policy}
        put_status = allow("codedeploy:PutLifecycleEventHookExecutionStatus")
        log = allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
        return {
            "Alias": alias,
            "FunctionRole": role("lambda.amazonaws.com", put_status, log),
            "Function": function(CODE.format(body=body) + f"# {number}\n", "FunctionRole"),
            f"Version{number}": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Function"}}},
            **{event: function(HOOK.format(status=status), "FunctionRole") for event, status in self.hooks.items()},
            **(self._codedeploy(version) if group else {}),
        }

    def _codedeploy(self, version: Mapping[str, Any]) -> dict[str, Any]:
        canary = {"CanaryPercentage": 10, "CanaryInterval": self.minutes}
        routing = {"Type": "TimeBasedCanary", "TimeBasedCanary": canary}
        group: dict[str, Any] = {
            "ApplicationName": {"Ref": "Application"},
            "DeploymentConfigName": {"Ref": "Config"},
            "DeploymentStyle": {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
            "ServiceRoleArn": {"Fn::GetAtt": ["ServiceRole", "Arn"]},
            "AutoRollbackConfiguration": {
                "Enabled": True,
                "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
            },
        }
        if self.alarm:
            group["AlarmConfiguration"] = {"Enabled": True, "Alarms": [{"Name": {"Ref": "Alarm"}}]}
        resources = {
            "ServiceRole": self.service_role,
            "Application": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}},
            "Config": {
                "Type": "AWS::CodeDeploy::DeploymentConfig",
                "Properties": {"ComputePlatform": "Lambda", "TrafficRoutingConfig": routing},
            },
            "Group": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": group},
        }
        return {**resources, "Alarm": _alarm(version)} if self.alarm else resources

    def id_of(self, logical_id: str) -> str:
        """Return the physical id of a resource."""
        api = self.embedded.client("cloudformation")
        found = api.describe_stack_resources(StackName=self.name, LogicalResourceId=logical_id)["StackResources"]
        return str(found[0]["PhysicalResourceId"])

    def alias(self) -> tuple[str, dict[str, float]]:
        """Return the version of the alias, and the weights of others."""
        api = self.embedded.client("lambda")
        found = api.get_alias(FunctionName=self.id_of("Function"), Name="live")
        return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def deployments(self) -> list[dict[str, Any]]:
        """Return the deployments of the group, the newest first."""
        api = self.embedded.client("codedeploy")
        ids = api.list_deployments(applicationName=self.id_of("Application"), deploymentGroupName=self.id_of("Group"))
        return [api.get_deployment(deploymentId=id_)["deploymentInfo"] for id_ in ids["deployments"]]

    def call(self, times: int) -> Counter[str]:
        """Call the alias, and return how often each version ran."""
        api, name = self.embedded.client("lambda"), self.id_of("Function")
        return Counter(api.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] for _ in range(times))

    def reasons(self) -> str:
        """Return why resources of the stack failed, in one text."""
        events = self.embedded.client("cloudformation").describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(
            event.get("ResourceStatusReason", "") for event in events if event["ResourceStatus"].endswith("_FAILED")
        )

    def await_weight(self) -> None:
        """Wait until the new version gets a part of the traffic."""
        deadline = time.monotonic() + 20
        while not self.alias()[1]:
            assert time.monotonic() < deadline, self.reasons()
            time.sleep(0.02)


def _alarm(version: Mapping[str, Any]) -> dict[str, Any]:
    dimensions = [
        {"Name": "FunctionName", "Value": {"Ref": "Function"}},
        {"Name": "Resource", "Value": {"Fn::Sub": "${Function}:live"}},
        {"Name": "ExecutedVersion", "Value": version},
    ]
    properties = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Dimensions": dimensions,
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}
