"""Attributes of VPCs and subnets that are also properties: MiniStack lacks them."""

from __future__ import annotations

from ministack.services.cloudformation import provisioners

from rehearsal.emulator.ministack.corrections import stacks
from rehearsal.emulator.ministack.patches import correct
from tests.conftest import Embedded


def test_ministacks_network_lacks_attributes(as_it_comes: None) -> None:
    """The fault: CidrBlock is not an attribute. Corrected, it is one, also after an update."""
    vpc, network = {"CidrBlock": "10.0.0.0/16"}, provisioners._RESOURCE_HANDLERS["AWS::EC2::VPC"]
    assert "CidrBlock" not in network["create"]("Vpc", vpc, "stack")[1]
    correct(stacks.NETWORK_ATTRIBUTES)
    name, attributes = network["create"]("Vpc", vpc, "stack")
    assert attributes["CidrBlock"] == network["update"](name, vpc, vpc, "stack", "Vpc")[1]["CidrBlock"] == "10.0.0.0/16"


def test_a_security_group_may_name_the_range_of_its_vpc(embedded: Embedded) -> None:
    """A security group's rule can refer to the VPC's CidrBlock, as CDK writes it for an interface endpoint."""
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.1.0.0/16"}}
    subnet = {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.1.1.0/24"}}
    rule = {"CidrIp": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    properties = {"GroupDescription": "endpoint", "VpcId": {"Ref": "Vpc"}, "SecurityGroupIngress": [rule]}
    group = {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}
    outputs = {"Range": {"Fn::GetAtt": ["Subnet", "CidrBlock"]}}
    stack = embedded.stack("endpoint", {"Vpc": vpc, "Subnet": subnet, "Group": group}, **outputs)
    assert (stack["StackStatus"], stack["Outputs"][0]["OutputValue"]) == ("CREATE_COMPLETE", "10.1.1.0/24")
