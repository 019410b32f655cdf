"""The roles of the CDK bootstrap in the running embedded AWS: allowed and denied calls."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.e2e.deployed.acting import ACCOUNTS, Acting, bootstrap_role, changed, environment_role
from tests.e2e.deployed.conftest import Deployed
from tests.e2e.deployed.lookup import artifacts, encrypted, outputs

pytestmark = pytest.mark.e2e

EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
TRUST = EVERYTHING.replace('"Action": "*", "Resource": "*"', '"Action": "sts:AssumeRole", "Principal": {"AWS": "*"}')


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_deploy_role_reads_the_assembly_and_leaves_functions_to_cloudformation(
    deployed: Deployed, environment: str
) -> None:
    """The deploy role can pass only CloudFormation's execution role, and cannot change functions itself."""
    role, found = Acting(deployed, environment, "-deploy-role-"), outputs(deployed, environment)
    stack = f"{environment.capitalize()}-Echo"
    change: dict[str, Any] = {"StackName": stack, "ChangeSetName": "tried", "UsePreviousTemplate": True}
    execution, tester = bootstrap_role("cfn-exec", environment), environment_role(environment, "tests")
    assert role.may("cloudformation", "create_change_set", **change, RoleARN=execution)
    assert not role.may("cloudformation", "create_change_set", **change, RoleARN=tester)
    name = found["EchoFunctionName"]
    assert changed(role, name) == []
    assert not role.may("s3", "put_object", Bucket=artifacts(deployed), Key="echo-delivery/tried/by-deploy", Body=b"")
    assert not role.may_assume(execution)


def test_the_pipelines_own_deploy_role_updates_its_stack(deployed: Deployed) -> None:
    """The pipeline's deploy role can pass only its account's execution role, and cannot reach another account."""
    role = Acting(deployed, "pipeline", "-deploy-role-")
    change: dict[str, Any] = {"StackName": "echo-delivery", "ChangeSetName": "tried", "UsePreviousTemplate": True}
    assert role.may("cloudformation", "create_change_set", **change, RoleARN=bootstrap_role("cfn-exec", "pipeline"))
    assert not role.may(
        "cloudformation", "create_change_set", **change, RoleARN=Acting(deployed, "pipeline", "PipelineRole").arn
    )
    assert not role.may("codepipeline", "start_pipeline_execution", name="echo-delivery")
    assert not role.may("iam", "delete_role", RoleName="any")
    for environment in ("dev", "prod"):
        assert not role.may_assume(bootstrap_role("deploy", environment))


@pytest.mark.parametrize("environment", ["pipeline", "dev", "prod"])
def test_the_publishing_role_fills_the_assets_bucket_alone(deployed: Deployed, environment: str) -> None:
    """The publishing role can write only to its account's assets bucket, and can deploy nothing."""
    role = Acting(deployed, environment, "-file-publishing-role-")
    for place in ACCOUNTS:
        bucket = f"cdk-hnb659fds-assets-{ACCOUNTS[place]}-eu-west-1"
        assert role.may("s3", "put_object", Bucket=bucket, Key="tried.zip", Body=b"") is (place == environment)
    own = f"cdk-hnb659fds-assets-{ACCOUNTS[environment]}-eu-west-1"
    assert role.may("s3", "get_object", Bucket=own, Key="tried.zip")
    assert not role.may("s3", "delete_bucket", Bucket=own)
    assert not role.may(
        "s3", "put_object", Bucket=artifacts(deployed), Key="echo-delivery/tried/by-publisher", Body=b""
    )
    assert not role.may("cloudformation", "create_change_set", StackName="any", ChangeSetName="any", TemplateBody="{}")
    assert not role.may("lambda", "update_function_code", FunctionName="any", ZipFile=b"")
    assert not role.may_assume(bootstrap_role("deploy", environment))


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_lookup_role_looks_and_changes_nothing(deployed: Deployed, environment: str) -> None:
    """The lookup role can read deployed resources, and can neither decrypt nor change anything."""
    role, found = Acting(deployed, environment, "-lookup-role-"), outputs(deployed, environment)
    stack, name = f"{environment.capitalize()}-Echo", found["EchoFunctionName"]
    assert role.may("cloudformation", "describe_stacks", StackName=stack)
    assert role.may("cloudformation", "get_template", StackName=stack)
    assert role.may("lambda", "get_function_configuration", FunctionName=name)
    assert changed(role, name) == []
    assert not role.may("cloudformation", "create_change_set", StackName=stack, ChangeSetName="any", TemplateBody="{}")
    assert not role.may("cloudformation", "delete_stack", StackName=stack)
    own = f"cdk-hnb659fds-assets-{ACCOUNTS[environment]}-eu-west-1"
    assert not role.may("s3", "put_object", Bucket=own, Key="tried.zip", Body=b"")
    assert not role.may("kms", "decrypt", CiphertextBlob=encrypted(deployed, environment))
    assert not role.may_assume(bootstrap_role("deploy", environment))
    assert not role.may_assume(bootstrap_role("cfn-exec", environment))


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_cloudformations_role_makes_what_the_stacks_hold_and_nothing_else(deployed: Deployed, environment: str) -> None:
    """The execution role allows only the resource types in pipeline/access/environment-resources.json."""
    role = Acting(deployed, environment, "-cfn-exec-role-")
    assert role.may("lambda", "delete_function", FunctionName="none")
    assert role.may("logs", "delete_log_group", logGroupName="none")
    assert role.may("iam", "delete_role", RoleName="None-Echo-None")
    assert not role.may("iam", "delete_role", RoleName="none")
    assert not role.may("lambda", "invoke", FunctionName=outputs(deployed, environment)["EchoFunctionName"])
    assert not role.may("ssm", "put_parameter", Name="any", Value="any", Type="String")
    assert not role.may("sns", "publish", TopicArn=outputs(deployed, environment)["Echo2TopicArn"], Message="any")
    assert not role.may("iam", "create_user", UserName="any")
    assert not role.may("s3", "put_object", Bucket=artifacts(deployed), Key="echo-delivery/tried/by-exec", Body=b"")
    other = "prod" if environment == "dev" else "dev"
    assert not role.may_assume(bootstrap_role("cfn-exec", other))


@pytest.mark.parametrize("environment", ["pipeline", "dev", "prod"])
def test_cloudformations_role_makes_roles_with_the_boundary_alone(deployed: Deployed, environment: str) -> None:
    """The execution role can create roles only with the boundary, and cannot change the bootstrap."""
    role, account = Acting(deployed, environment, "-cfn-exec-role-"), ACCOUNTS[environment]
    boundary = f"arn:aws:iam::{account}:policy/delivery-boundary"
    own = bootstrap_role("cfn-exec", environment).rpartition("/")[2]
    name = "echo-delivery-tried" if environment == "pipeline" else "Tried-Echo-Tried"
    named: dict[str, Any] = {"RoleName": name, "AssumeRolePolicyDocument": TRUST}
    assert not role.may("iam", "create_role", **named)
    assert not role.may(
        "iam", "create_role", **named, PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    assert role.may("iam", "create_role", **named, PermissionsBoundary=boundary)
    deployed.client("iam", environment).delete_role(RoleName=name)
    assert not role.may("iam", "put_role_policy", RoleName=own, PolicyName="any", PolicyDocument=EVERYTHING)
    assert not role.may("iam", "delete_role_permissions_boundary", RoleName="any")
    assert not role.may("iam", "create_policy_version", PolicyArn=boundary, PolicyDocument=EVERYTHING)


@pytest.mark.parametrize("name", ["OrganizationAccountAccessRole", "AWSControlTowerExecution", "stacksets-exec-1a2b"])
def test_cloudformations_role_reaches_no_role_that_opens_the_account(deployed: Deployed, name: str) -> None:
    """The execution role can neither change an admin role nor import it into a stack."""
    iam, api = deployed.client("iam", "pipeline"), deployed.client("cloudformation", "pipeline")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    role = Acting(deployed, "pipeline", "-cfn-exec-role-")
    assert not role.may("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=TRUST)
    assert not role.may("iam", "get_role", RoleName=name)
    properties = {"RoleName": name, "AssumeRolePolicyDocument": json.loads(TRUST)}
    resource = {"Type": "AWS::IAM::Role", "DeletionPolicy": "Retain", "Properties": properties}
    imported = {"ResourceType": resource["Type"], "LogicalResourceId": "It", "ResourceIdentifier": {"RoleName": name}}
    stack = f"Adopt-{name}"
    api.create_change_set(
        StackName=stack,
        ChangeSetName="adopt",
        ChangeSetType="IMPORT",
        RoleARN=role.arn,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        TemplateBody=json.dumps({"Resources": {"It": resource}}),
        ResourcesToImport=[imported],
    )
    api.execute_change_set(StackName=stack, ChangeSetName="adopt")
    reasons = until_rolled_back(api, stack)
    assert (
        f"is not authorized to perform: iam:GetRole on resource: arn:aws:iam::{ACCOUNTS['pipeline']}:role/{name}"
        in (reasons)
    )


def until_rolled_back(api: Any, stack: str) -> str:
    """Wait until the import is rolled back, and return the reasons in the stack's events."""
    for _ in range(100):
        if api.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE":
            break
        time.sleep(0.1)
    events = api.describe_stack_events(StackName=stack)["StackEvents"]
    return "\n".join(event.get("ResourceStatusReason", "") for event in events)
