"""Builds in a VPC: they need permissions for network interfaces, and report that they use the host's network."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.codebuild.case import spec
from tests.codebuild.conftest import ACCOUNT, REGION, Account
from tests.codebuild.test_start_build import built, failure, lines, project

EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
VPC = {"VpcId": "vpc-1", "Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
INTERFACES = (
    "CreateNetworkInterface",
    "DescribeNetworkInterfaces",
    "DeleteNetworkInterface",
    "DescribeSubnets",
    "DescribeSecurityGroups",
    "DescribeDhcpOptions",
    "DescribeVpcs",
)


def statement(actions: Sequence[str], resource: str = "*", **more: Any) -> Mapping[str, Any]:
    return {"Effect": "Allow", "Action": [*actions], "Resource": resource, **more}


def permission(*subnets: str) -> Mapping[str, Any]:
    """Return the statement that CDK writes for a project in a VPC."""
    condition = {
        "ec2:Subnet": [f"{EC2}:subnet/{subnet}" for subnet in subnets],
        "ec2:AuthorizedService": "codebuild.amazonaws.com",
    }
    actions = ["ec2:CreateNetworkInterfacePermission"]
    return statement(actions, f"{EC2}:network-interface/*", Condition={"StringEquals": condition})


def in_vpc(account: Account, *statements: Mapping[str, Any]) -> dict[str, Any]:
    """Run a build of a project in a VPC, whose role has these statements and may write its log."""
    iam, name = account.client("iam"), f"vpc-{uuid.uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    policy = {"Version": "2012-10-17", "Statement": [statement(["logs:*"]), *statements]}
    iam.put_role_policy(RoleName=name, PolicyName="build", PolicyDocument=json.dumps(policy))
    role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    return built(account, project(account, spec("echo ran"), VpcConfig=VPC, ServiceRole=role))


def test_a_build_in_a_vpc_runs_on_this_machines_network(account: Account) -> None:
    """The statements that CDK writes are enough; the log says that the network is the host's."""
    interfaces = [f"ec2:{action}" for action in INTERFACES]
    build = in_vpc(account, statement(interfaces), permission("subnet-1", "subnet-2"))
    assert build["buildStatus"] == "SUCCEEDED", build
    assert build["vpcConfig"]["vpcId"] == "vpc-1"
    assert any("the network is this machine's, not that of vpc-1" in line for line in lines(account, build))


@pytest.mark.parametrize("missing", INTERFACES)
def test_without_a_permission_a_build_in_a_vpc_is_not_provisioned(account: Account, missing: str) -> None:
    """The build fails in PROVISIONING, as on AWS, and the message names the missing permission."""
    rest = [f"ec2:{action}" for action in INTERFACES if action != missing]
    build = in_vpc(account, statement(rest), permission("subnet-1", "subnet-2"))
    said = failure(build)
    assert said.startswith("PROVISIONING: Unexpected EC2 error: UnauthorizedOperation"), said
    assert f"ec2:{missing}" in said


def test_each_subnet_needs_an_interface_permission(account: Account) -> None:
    """Builds fail if their role may attach network interfaces to only one of two subnets."""
    build = in_vpc(account, statement([f"ec2:{action}" for action in INTERFACES]), permission("subnet-1"))
    assert "ec2:CreateNetworkInterfacePermission" in failure(build)
