"""The unmodified template of CDK's LambdaDeploymentGroup, with its default role, an alarm and a hook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.conftest import Embedded

TEMPLATE = Path(__file__).with_name("lambda_deployment_group.json")


def release(embedded: Embedded, name: str, number: int) -> dict[str, Any]:
    """Deploy the template with the code and version of a release, and wait."""
    api, text = embedded.client("cloudformation"), TEMPLATE.read_text()
    text = re.sub(r"FCurrentVersion\w+", f"FCurrentVersion{number}", text).replace("return 1", f"return {number}")
    deploy = api.create_stack if number == 1 else api.update_stack
    deploy(StackName=name, TemplateBody=text, Capabilities=["CAPABILITY_IAM"])
    return embedded.settled(name)


def test_cdks_deployment_group_works_unchanged(embedded: Embedded) -> None:
    """CDK's template deploys with IAM enforced, and its second release is one successful canary deployment."""
    name = embedded.name("cdk")
    assert release(embedded, name, 1)["StackStatus"] == "CREATE_COMPLETE"
    assert release(embedded, name, 2)["StackStatus"] == "UPDATE_COMPLETE"
    resources = embedded.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    ids = {resource["ResourceType"]: resource["PhysicalResourceId"] for resource in resources}
    deployments = embedded.client("codedeploy").list_deployments(
        applicationName=ids["AWS::CodeDeploy::Application"],
        deploymentGroupName=ids["AWS::CodeDeploy::DeploymentGroup"],
        includeOnlyStatuses=["Succeeded"],
    )["deployments"]
    assert len(deployments) == 1
    function, alias = ids["AWS::Lambda::Alias"].rsplit(":", 1)
    found = embedded.client("lambda").get_alias(FunctionName=function, Name=alias)
    assert (found["FunctionVersion"], found.get("RoutingConfig")) == ("2", None)
