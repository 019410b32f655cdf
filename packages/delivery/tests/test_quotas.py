"""An assembly's usage of AWS's quotas, checked before a deployment."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cdk_delivery.cli import cli
from cdk_delivery.quotas import quota_usages
from tests.assemblies import write_assembly
from tests.synthesis import Synthesized


@pytest.mark.gate
def test_too_many_actions_are_found(tmp_path: Path) -> None:
    """An exceeded quota of actions is found, with the remedy."""
    action = {"Name": "a"}
    stages = [{"Name": "Live", "Actions": [action] * 51}]
    pipeline = {"Type": "AWS::CodePipeline::Pipeline", "Properties": {"Stages": stages}}
    write_assembly(tmp_path, Pipeline={"P": pipeline})
    (found,) = (use for use in quota_usages(tmp_path) if use.exceeded)
    assert (found.what, found.used, found.allowed) == ("Pipeline/actions of Live", 51, 50)
    assert "fewer environments into one wave" in found.remedy


@pytest.mark.gate
def test_a_buildspec_that_is_too_long_is_found(tmp_path: Path) -> None:
    """A long buildspec is found, which CodeBuild would reject only in the deployment."""
    project = {"Type": "AWS::CodeBuild::Project", "Properties": {"Source": {"BuildSpec": "x" * 25_601}}}
    write_assembly(tmp_path, Pipeline={"B": project})
    assert [use.what for use in quota_usages(tmp_path) if use.exceeded] == ["Pipeline/characters of B's buildspec"]


@pytest.mark.gate
def test_a_policy_that_is_too_long_is_found(tmp_path: Path) -> None:
    """A long policy is found, which IAM would reject only in the deployment."""
    document = {"Statement": [{"Resource": [f"arn:aws:iam::{n:012}:role/x" for n in range(300)]}]}
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    write_assembly(tmp_path, Pipeline={"P": policy})
    assert [use.what for use in quota_usages(tmp_path) if use.exceeded] == ["Pipeline/characters of P"]


@pytest.mark.gate
def test_the_policies_of_a_role_count_together(tmp_path: Path) -> None:
    """Two inline policies exceed the quota together, and an eleventh managed policy exceeds the other."""
    long = {"Statement": [{"Resource": [f"arn:aws:iam::{n:012}:role/x" for n in range(170)]}]}
    attached = {"PolicyDocument": long, "Roles": [{"Ref": "R"}]}
    role = {"Policies": [{"PolicyDocument": long}], "ManagedPolicyArns": [{"Ref": f"M{n}"} for n in range(11)]}
    resources = {"R": {"Type": "AWS::IAM::Role", "Properties": role}}
    resources |= {"P": {"Type": "AWS::IAM::Policy", "Properties": attached}}
    write_assembly(tmp_path, Pipeline=resources)
    assert [use.what for use in quota_usages(tmp_path) if use.exceeded] == [
        "Pipeline/managed policies of R",
        "Pipeline/characters of R's inline policies",
    ]


def test_usages_are_printed_as_json(synthesized: Synthesized) -> None:
    """`delivery quotas --json` lists the usages, the nearest first."""
    done = CliRunner().invoke(cli, ["quotas", "--json", str(synthesized.folder)], standalone_mode=False)
    shares = [use["used"] / use["allowed"] for use in json.loads(done.stdout)]
    assert (done.return_value, shares) == (0, sorted(shares, reverse=True))
