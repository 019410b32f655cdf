"""CDK context lookups in accounts: what the embedded AWS provides, and the error for anything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from rehearsal.deploy.lookups import committed_lookups, failed_lookups, synthesize_with_lookups
from rehearsal.deploy.preparation import Preparation
from rehearsal.errors import WrongUse
from rehearsal.host.checked_command import CommandFailed
from rehearsal.workspace.layout import Workspace
from tests.conftest import Embedded

VPC = 'Could not find any VPCs matching {"account":"111111111111","region":"eu-west-1","filter":{"tag:Name":"main"}}'
PARAMETER = "SSM parameter not available in account 111111111111, region eu-west-1: /my/own"
ZONE = "Found zones: [] for dns:example.com, privateZone:undefined, vpcId:undefined, but wanted exactly 1 zone"


def test_look_ups_of_what_every_account_has_find_it(embedded: Embedded) -> None:
    """Every account has a default VPC with subnets and a security group, Amazon's images, and availability zones."""
    ec2 = embedded.client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}])["Vpcs"]
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    assert ec2.describe_subnets(Filters=inside)["Subnets"]
    assert ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
    image = [{"Name": "name", "Values": ["amzn2-ami-hvm-*"]}]
    assert ec2.describe_images(Owners=["amazon"], Filters=image)["Images"][0]["ImageId"].startswith("ami-")
    assert len(ec2.describe_availability_zones()["AvailabilityZones"]) >= 2
    name = "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"
    assert embedded.client("ssm").get_parameter(Name=name)["Parameter"]["Value"].startswith("ami-")


def test_failed_lookups_are_read_from_cdks_output() -> None:
    """Each failed lookup in CDK's output is listed once; other errors are not."""
    output = f"[Error at /S] {VPC}\nERROR {PARAMETER} (Construct Annotations)\n{ZONE}\n{ZONE}\n"
    assert failed_lookups(output) == [VPC, PARAMETER, "Found zones: [] for dns:example.com"]
    assert failed_lookups("TypeError: no") == []


def test_a_look_up_that_finds_nothing_is_prepared_for(tmp_path: Path) -> None:
    """After a failed lookup, the commands of [[prepare]] run once, before a second synthesis."""
    space, cdk, said = Workspace(tmp_path), Mock(), list[str]()
    (tmp_path / "rehearsal.toml").write_text('[[prepare]]\ncommand = "make it"\nregion = "eu-west-1"\n')
    preparation = Preparation(space, cdk, said.append)
    synthesize: Any = Mock(side_effect=[CommandFailed(PARAMETER), "the assembly"])
    found: Any = synthesize_with_lookups(synthesize, lambda: preparation.run("111111111111", "us-east-1"))
    assert found == "the assembly"
    cdk.run_shell.assert_called_once_with("make it", tmp_path, "111111111111", "eu-west-1")
    assert not preparation.run("111111111111", "us-east-1")
    assert said == ["preparing: make it"]


@pytest.mark.parametrize("prepared", [True, False])
def test_a_look_up_that_still_finds_nothing_is_explained(prepared: bool) -> None:
    """The error names the lookup, cdk.context.json and [[prepare]]."""
    synthesize = Mock(side_effect=CommandFailed(f"cdk synth: {ZONE}"))
    with pytest.raises(WrongUse, match=r"for dns:example\.com\. Commit cdk\.context\.json.*\[\[prepare\]\]"):
        synthesize_with_lookups(synthesize, lambda: prepared)
    assert synthesize.call_count == 1 + prepared


def test_committed_look_ups_of_another_account_are_named(tmp_path: Path) -> None:
    """Where cdk.context.json has the look-ups of another account, the error says how to rehearse in that account."""
    context = tmp_path / "cdk.context.json"
    assert committed_lookups(context) == []
    places = ("account=222222222222:region=eu-west-1", "account=222222222222:filter.tag:Name=main:region=eu-west-1")
    context.write_text(json.dumps({f"vpc-provider:{place}": {} for place in places}))
    synthesize = Mock(side_effect=CommandFailed(f"cdk synth: {VPC}"))
    with pytest.raises(WrongUse, match=r'rehearsal\.toml account = "222222222222" and region = "eu-west-1"'):
        synthesize_with_lookups(synthesize, lambda: False, committed_lookups(context))


def test_another_error_is_passed_on() -> None:
    """Another error is raised without running [[prepare]]."""
    prepare = Mock()
    with pytest.raises(CommandFailed, match="TS2304"):
        synthesize_with_lookups(Mock(side_effect=CommandFailed("TS2304")), prepare)
    prepare.assert_not_called()
