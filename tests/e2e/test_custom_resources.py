"""CDK's own custom resources, deployed by the real CDK CLI to the embedded AWS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, CfnOutput, CustomResource, Duration, Environment, RemovalPolicy, Stack, custom_resources
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as s3_deployment

from rehearsal.aws import Endpoint, root
from rehearsal.emulator.server import launcher
from rehearsal.host.cancellation import Cancellation
from rehearsal.project import cloud_assembly
from rehearsal.project.cdk_app import command_folders
from rehearsal.project.cdk_cli import Cdk
from rehearsal.project.cdk_installation import CdkInstallation
from rehearsal.workspace.layout import Workspace
from tests.root import ROOT

ACCOUNT, REGION = "111111111111", "eu-west-1"
PROVIDED = """
def handler(event, context):
    return {"PhysicalResourceId": "made", "Data": {"Answer": event["ResourceProperties"]["Given"] + "!"}}
"""

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@dataclass(frozen=True)
class Deployed:
    """The deployed stack: its outputs, and clients for its account."""

    endpoint: Endpoint
    outputs: dict[str, str]

    def client(self, name: str) -> Any:
        return self.endpoint.client(name, root(ACCOUNT), REGION)


def synthesize(out: Path, site: Path) -> None:
    """A stack with each of CDK's custom resources, as their constructs write them."""
    app = App(outdir=str(out), analytics_reporting=False)
    # the flag with which `cdk init` creates projects
    app.node.set_context("@aws-cdk/aws-ec2:restrictDefaultSecurityGroup", value=True)
    stack = Stack(app, "Custom", env=Environment(account=ACCOUNT, region=REGION))
    bucket = s3.Bucket(stack, "Bucket", auto_delete_objects=True, removal_policy=RemovalPolicy.DESTROY)
    s3_deployment.BucketDeployment(
        stack, "Site", sources=[s3_deployment.Source.asset(str(site))], destination_bucket=bucket
    )
    function = functions.Function(
        stack,
        "Function",
        runtime=functions.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=functions.Code.from_inline(PROVIDED),
        timeout=Duration.seconds(10),
    )
    logs.LogRetention(
        stack,
        "Retention",
        log_group_name=f"/aws/lambda/{function.function_name}",
        retention=logs.RetentionDays.ONE_WEEK,
    )
    provider = custom_resources.Provider(stack, "Provider", on_event_handler=function)
    mine = CustomResource(stack, "Mine", service_token=provider.service_token, properties={"Given": "hello"})
    call = custom_resources.AwsSdkCall(
        service="STS",
        action="getCallerIdentity",
        physical_resource_id=custom_resources.PhysicalResourceId.of("identity"),
    )
    allowed = custom_resources.AwsCustomResourcePolicy.from_statements(
        [iam.PolicyStatement(actions=["sts:GetCallerIdentity"], resources=["*"])]
    )
    identity = custom_resources.AwsCustomResource(stack, "Identity", on_create=call, policy=allowed)
    vpc = ec2.Vpc(stack, "Vpc", max_azs=1, nat_gateways=0)
    for name, value in {
        "Answer": mine.get_att_string("Answer"),
        "Account": identity.get_response_field("Account"),
        "BucketName": bucket.bucket_name,
        "FunctionName": function.function_name,
        "Group": vpc.vpc_default_security_group,
    }.items():
        CfnOutput(stack, f"{name}Output", value=value).override_logical_id(name)
    app.synth()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("custom")
    site = folder / "site"
    site.mkdir()
    (site / "index.html").write_text("hello")
    synthesize(folder / "cdk.out", site)
    space = Workspace(folder)
    with launcher.join_or_start(space) as endpoint:
        cdk = Cdk(CdkInstallation.find(command_folders(Workspace(ROOT))), endpoint, space.logs, Cancellation())
        cdk.bootstrap(cloud_assembly.Environment(ACCOUNT, REGION), None, folder)
        cdk.deploy(folder, folder / "cdk.out", "Custom", ACCOUNT, REGION)
        formation = endpoint.client("cloudformation", root(ACCOUNT), REGION)
        (stack,) = formation.describe_stacks(StackName="Custom")["Stacks"]
        yield Deployed(endpoint, {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]})


def test_resources_of_the_provider_framework_and_of_the_sdk_have_answers(deployed: Deployed) -> None:
    """The stack's outputs have the answer of a provider's handler, and the account that AwsCustomResource reads."""
    assert (deployed.outputs["Answer"], deployed.outputs["Account"]) == ("hello!", ACCOUNT)


def test_a_bucket_gets_the_files_of_its_deployment(deployed: Deployed) -> None:
    """BucketDeployment's function unpacks the asset into the bucket."""
    stored = deployed.client("s3").get_object(Bucket=deployed.outputs["BucketName"], Key="index.html")
    assert stored["Body"].read() == b"hello"


def test_a_log_group_gets_its_retention(deployed: Deployed) -> None:
    """LogRetention's function sets the days of the function's log group."""
    name = f"/aws/lambda/{deployed.outputs['FunctionName']}"
    (group,) = deployed.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["retentionInDays"] == 7


def test_the_default_security_group_of_a_vpc_loses_its_rules(deployed: Deployed) -> None:
    """CDK's function revokes the rules that EC2 creates the group with."""
    (group,) = deployed.client("ec2").describe_security_groups(GroupIds=[deployed.outputs["Group"]])["SecurityGroups"]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])


def test_a_deleted_stack_takes_the_objects_of_its_bucket_along(deployed: Deployed) -> None:
    """autoDeleteObjects' function empties the bucket, so that CloudFormation can delete it."""
    formation, bucket = deployed.client("cloudformation"), deployed.outputs["BucketName"]
    formation.delete_stack(StackName="Custom")
    formation.get_waiter("stack_delete_complete").wait(StackName="Custom", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert bucket not in [found["Name"] for found in deployed.client("s3").list_buckets()["Buckets"]]
