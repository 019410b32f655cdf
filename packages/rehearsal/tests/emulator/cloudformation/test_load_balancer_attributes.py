"""Names of load balancers, listeners and target groups in the form that AWS gives them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.ministack.corrections import stacks
from rehearsal.emulator.ministack.patches import correct
from tests.conftest import REGION, Embedded

BALANCER, LISTENER, GROUP = (
    f"AWS::ElasticLoadBalancingV2::{kind}" for kind in ("LoadBalancer", "Listener", "TargetGroup")
)


def test_ministacks_load_balancers_have_other_names(as_it_comes: None) -> None:
    """The fault: a network load balancer is named as an application one, and a group without `targetgroup/`."""
    handlers = provisioners._RESOURCE_HANDLERS
    arn, attributes = handlers[BALANCER]["create"]("Net", {"Type": "network"}, "stack")
    assert ":loadbalancer/app/" in arn
    assert attributes["LoadBalancerFullName"].startswith("app/")
    assert not handlers[GROUP]["create"]("Group", {}, "stack")[1]["TargetGroupFullName"].startswith("targetgroup/")
    correct(stacks.LOAD_BALANCER_NAMES)
    arn, attributes = handlers[BALANCER]["create"]("Other", {"Type": "network"}, "stack")
    assert ":loadbalancer/net/" in arn
    _, updated = handlers[BALANCER]["update"](arn, {"Type": "network"}, {"Type": "network"}, "stack", "Other")
    assert updated["LoadBalancerFullName"] == attributes["LoadBalancerFullName"] == arn.partition("loadbalancer/")[2]


@pytest.mark.parametrize(
    ("properties", "kind", "host"),
    [
        ({"Type": "application"}, "app", rf"shop-\d+\.{REGION}\.elb\.amazonaws\.com"),
        ({"Type": "application", "Scheme": "internal"}, "app", rf"internal-shop-\d+\.{REGION}\.elb\.amazonaws\.com"),
        ({"Type": "network", "Scheme": "internal"}, "net", rf"shop-\w+\.elb\.{REGION}\.amazonaws\.com"),
    ],
)
def test_names_are_those_that_metrics_and_urls_need(
    embedded: Embedded, properties: dict[str, Any], kind: str, host: str
) -> None:
    """ARN, full name and host name are of the load balancer's type, in stacks and in Elastic Load Balancing's API."""
    forward = [{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}]
    listener = {"LoadBalancerArn": {"Ref": "Shop"}, "Port": 80, "Protocol": "HTTP", "DefaultActions": forward}
    stack = embedded.stack(
        embedded.name("names"),
        {
            "Shop": {"Type": BALANCER, "Properties": {"Name": "shop", **properties}},
            "Group": {"Type": GROUP, "Properties": {"Port": 80, "Protocol": "HTTP"}},
            "Listener": {"Type": LISTENER, "Properties": listener},
        },
        Balancer={"Fn::GetAtt": ["Shop", "LoadBalancerFullName"]},
        Host={"Fn::GetAtt": ["Shop", "DNSName"]},
        Group={"Fn::GetAtt": ["Group", "TargetGroupFullName"]},
        Listener={"Ref": "Listener"},
    )
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    found = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert re.fullmatch(rf"{kind}/shop/\w+", found["Balancer"])
    assert re.fullmatch(host, found["Host"])
    assert re.fullmatch(r"targetgroup/[\w-]+/\w+", found["Group"])
    api = embedded.client("elbv2")
    (balancer,) = [
        known
        for known in api.describe_load_balancers()["LoadBalancers"]
        if known["LoadBalancerArn"].endswith(found["Balancer"])
    ]
    assert balancer["DNSName"] == found["Host"]
    (listening,) = api.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    assert listening["ListenerArn"] == found["Listener"]
    (rule,) = api.describe_rules(ListenerArn=found["Listener"])["Rules"]
    assert f":listener-rule/{found['Balancer']}/" in rule["RuleArn"]
    embedded.client("cloudformation").delete_stack(StackName=stack["StackName"])
    embedded.reached(lambda: not api.describe_listeners(ListenerArns=[found["Listener"]])["Listeners"])
