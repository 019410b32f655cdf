"""Host names and network interfaces of interface endpoints."""

from __future__ import annotations

import re

from ministack.services.cloudformation import provisioners

from rehearsal.emulator.ministack.corrections import stacks
from rehearsal.emulator.ministack.patches import correct
from tests.conftest import REGION, Embedded


def test_ministacks_endpoints_have_no_host_names(as_it_comes: None) -> None:
    """The fault: the lists are empty. Then an interface endpoint has them, and a gateway endpoint has none."""
    endpoints = provisioners._RESOURCE_HANDLERS["AWS::EC2::VPCEndpoint"]
    service = f"com.amazonaws.{REGION}.sqs"
    given = {"VpcEndpointType": "Interface", "ServiceName": service, "SubnetIds": ["subnet-1", "subnet-2"]}
    assert endpoints["create"]("Endpoint", given, "stack")[1]["DnsEntries"] == []
    correct(stacks.ENDPOINT_INTERFACES)
    name, created = endpoints["create"]("Endpoint", given, "stack")
    assert [len(created[key]) for key in ("DnsEntries", "NetworkInterfaceIds")] == [3, 2]
    assert endpoints["update"](name, given, given, "stack")[1]["DnsEntries"] == created["DnsEntries"]
    assert endpoints["create"]("Gateway", {"ServiceName": service}, "stack")[1]["DnsEntries"] == []


def test_a_stack_may_name_the_host_of_an_endpoint(embedded: Embedded) -> None:
    """As CDK's `vpcEndpointDnsEntries` are used: the first entry, without its hosted zone."""
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.2.0.0/16"}}
    subnet = {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.2.1.0/24"}}
    endpoint = {
        "VpcId": {"Ref": "Vpc"},
        "ServiceName": f"com.amazonaws.{REGION}.sqs",
        "VpcEndpointType": "Interface",
        "SubnetIds": [{"Ref": "Subnet"}],
    }
    entry = {"Fn::Select": [0, {"Fn::GetAtt": ["Endpoint", "DnsEntries"]}]}
    stack = embedded.stack(
        "hosts",
        {
            "Vpc": vpc,
            "Subnet": subnet,
            "Endpoint": {"Type": "AWS::EC2::VPCEndpoint", "Properties": endpoint},
        },
        Host={"Fn::Select": [1, {"Fn::Split": [":", entry]}]},
    )
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    (output,) = stack["Outputs"]
    assert re.fullmatch(rf"vpce-\w+-\w+\.sqs\.{REGION}\.vpce\.amazonaws\.com", output["OutputValue"])
