"""The network that CDK's Vpc has with default arguments."""

from __future__ import annotations

import json
import re
from pathlib import Path

from rehearsal.workspace.acceptances import resources
from tests.conftest import Embedded

# What `ec2.Vpc(stack, "V")` of aws-cdk-lib synthesizes, without tags and the custom resource for the default group.
TEMPLATE = Path(__file__).with_name("vpc.template.json")


def test_a_default_vpc_is_created(embedded: Embedded) -> None:
    """Nothing needs to be accepted; what has no effect has attributes of EC2's form, and the end of a run names it."""
    template = json.loads(TEMPLATE.read_text())["Resources"]
    address = next(id_ for id_, resource in template.items() if resource["Type"] == "AWS::EC2::EIP")
    gateway = next(id_ for id_, resource in template.items() if resource["Type"] == "AWS::EC2::NatGateway")
    outputs = {"Allocation": {"Fn::GetAtt": [address, "AllocationId"]}, "Gateway": {"Ref": gateway}}
    stack = embedded.stack("network", template, **outputs)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    found = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert re.fullmatch("eipalloc-[0-9a-f]{17}", found["Allocation"])
    assert re.fullmatch("nat-[0-9a-f]{17}", found["Gateway"])
    said = "; ".join(resources(embedded.workspace))
    assert f"AWS::EC2::NatGateway network/{gateway} was created without effect" in said
