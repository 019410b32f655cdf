"""Networks, instances, containers, load balancers and databases that CDK creates by default."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from rehearsal.workspace.resource_notes import resource_notes
from tests.conftest import Embedded

HERE = Path(__file__).parent
# The template of `ec2.Vpc(stack, "V")` of aws-cdk-lib, without tags and the custom resource of the default group.
NETWORK = json.loads((HERE / "vpc.template.json").read_text())["Resources"]
# The same for an `ecs_patterns.ApplicationLoadBalancedFargateService` that scales by its CPU, an `rds.DatabaseInstance`
# that it may connect to, and an `ec2.Instance`.
COMPUTE = json.loads((HERE / "compute.template.json").read_text())["Resources"]


def first(resources: dict[str, Any], type_: str) -> str:
    """Return the logical id of a template's first resource of a type."""
    return next(id_ for id_, resource in resources.items() if resource["Type"] == type_)


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def test_a_default_vpc_is_created(embedded: Embedded) -> None:
    """CDK's default VPC needs no acceptance; resources without effect have EC2's attribute forms and are reported."""
    found = outputs(
        embedded.stack(
            "network",
            NETWORK,
            Allocation={"Fn::GetAtt": [first(NETWORK, "AWS::EC2::EIP"), "AllocationId"]},
            Gateway={"Ref": first(NETWORK, "AWS::EC2::NatGateway")},
        )
    )
    assert re.fullmatch("eipalloc-[0-9a-f]{17}", found["Allocation"])
    assert re.fullmatch("nat-[0-9a-f]{17}", found["Gateway"])
    (line,) = [line for line in resource_notes(embedded.workspace) if line.startswith("network: ")]
    assert line == "network: created without effect: EC2 EIP, NatGateway"


def test_a_service_with_its_load_balancer_and_a_database_are_created(embedded: Embedded) -> None:
    """The types need no acceptance; a run reports in one line per stack that they have no effect."""
    balancer, database = (
        first(COMPUTE, "AWS::ElasticLoadBalancingV2::LoadBalancer"),
        first(COMPUTE, "AWS::RDS::DBInstance"),
    )
    group, instance = first(COMPUTE, "AWS::ElasticLoadBalancingV2::TargetGroup"), first(COMPUTE, "AWS::EC2::Instance")
    found = outputs(
        embedded.stack(
            "compute",
            COMPUTE,
            Address={"Fn::GetAtt": [balancer, "DNSName"]},
            Group={"Fn::GetAtt": [group, "TargetGroupName"]},
            Host={"Fn::GetAtt": [database, "Endpoint.Address"]},
            Port={"Fn::GetAtt": [database, "Endpoint.Port"]},
            Private={"Fn::GetAtt": [instance, "PrivateIp"]},
            Service={"Fn::GetAtt": [first(COMPUTE, "AWS::ECS::Service"), "Name"]},
            Task={"Ref": first(COMPUTE, "AWS::ECS::TaskDefinition")},
        )
    )
    assert re.fullmatch(r"[\w-]+\.eu-west-1\.elb\.amazonaws\.com", found["Address"])
    assert found["Group"].startswith("compute-")
    assert re.fullmatch(r"[\w.-]+\.eu-west-1\.rds\.amazonaws\.com", found["Host"])
    assert found["Port"] == "5432"
    assert found["Service"] in str(
        embedded.client("ecs").list_services(cluster=physical(embedded, "compute", "AWS::ECS::Cluster"))
    )
    assert re.fullmatch(r"arn:aws:ecs:eu-west-1:\d{12}:task-definition/\S+:\d+", found["Task"])
    (line,) = [line for line in resource_notes(embedded.workspace) if line.startswith("compute: ")]
    assert line == (
        "compute: created without effect: ApplicationAutoScaling ScalableTarget, ScalingPolicy; EC2 Instance, "
        "SecurityGroupEgress, SecurityGroupIngress; ECS Cluster, Service, TaskDefinition; "
        "ElasticLoadBalancingV2 Listener, LoadBalancer, TargetGroup; RDS DBInstance"
    )


def physical(embedded: Embedded, stack: str, type_: str) -> str:
    described = embedded.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    return next(str(resource["PhysicalResourceId"]) for resource in described if resource["ResourceType"] == type_)


def test_their_changes_and_their_deletion_work(embedded: Embedded) -> None:
    """An update creates a new task definition revision, the service keeps its ARN, and the stack can be deleted."""
    changed = json.loads(json.dumps(COMPUTE))
    task = changed[first(COMPUTE, "AWS::ECS::TaskDefinition")]["Properties"]
    task["ContainerDefinitions"][0]["Image"] = "amazon/amazon-ecs-sample:2"
    embedded.stack("changes", COMPUTE)
    service = physical(embedded, "changes", "AWS::ECS::Service")
    revision = int(physical(embedded, "changes", "AWS::ECS::TaskDefinition").rpartition(":")[2])
    updated = embedded.stack("changes", changed)
    assert updated["StackStatus"] == "UPDATE_COMPLETE", updated.get("StackStatusReason")
    assert physical(embedded, "changes", "AWS::ECS::TaskDefinition").endswith(f":{revision + 1}")
    assert physical(embedded, "changes", "AWS::ECS::Service") == service
    embedded.client("cloudformation").delete_stack(StackName="changes")
    assert embedded.settled(updated["StackId"])["StackStatus"] == "DELETE_COMPLETE"


def test_what_belongs_to_services_and_databases_is_created(embedded: Embedded) -> None:
    """Capacity providers, proxies, certificates, access lists, volumes and rotations need no acceptance."""
    given: dict[str, dict[str, Any]] = {
        "EC2::KeyPair": {"KeyName": "mine"},
        "EC2::NetworkAcl": {"VpcId": "vpc-1"},
        "EC2::NetworkAclEntry": {"NetworkAclId": "acl-1", "Protocol": -1, "RuleAction": "allow", "RuleNumber": 1},
        "EC2::SubnetNetworkAclAssociation": {"SubnetId": "subnet-1", "NetworkAclId": "acl-1"},
        "EC2::EIPAssociation": {"AllocationId": "eipalloc-1", "InstanceId": "i-1"},
        "EC2::Volume": {"AvailabilityZone": "eu-west-1a", "Size": 1},
        "EC2::VolumeAttachment": {"InstanceId": "i-1", "VolumeId": "vol-1", "Device": "/dev/sdh"},
        "ECS::CapacityProvider": {"AutoScalingGroupProvider": {"AutoScalingGroupArn": "arn"}},
        "ECS::ClusterCapacityProviderAssociations": {"Cluster": "c", "CapacityProviders": ["FARGATE"]},
        "ElasticLoadBalancingV2::ListenerCertificate": {"ListenerArn": "arn", "Certificates": []},
        "RDS::DBProxy": {"DBProxyName": "proxy", "EngineFamily": "POSTGRESQL", "RoleArn": "arn", "VpcSubnetIds": []},
        "RDS::DBProxyTargetGroup": {"DBProxyName": "proxy", "TargetGroupName": "default"},
        "RDS::OptionGroup": {"EngineName": "mysql", "MajorEngineVersion": "8.0", "OptionGroupDescription": "d"},
        "SecretsManager::ResourcePolicy": {"SecretId": "s", "ResourcePolicy": {}},
        "SecretsManager::RotationSchedule": {"SecretId": "s"},
    }
    types = {kind.replace("::", ""): f"AWS::{kind}" for kind in given}
    template = {
        name: {"Type": type_, "Properties": given[type_.removeprefix("AWS::")]} for name, type_ in types.items()
    }
    found = outputs(
        embedded.stack(
            "parts",
            template,
            Key={"Ref": "EC2KeyPair"},
            Volume={"Ref": "EC2Volume"},
            Host={"Fn::GetAtt": ["RDSDBProxy", "Endpoint"]},
        )
    )
    assert found["Key"] == "mine"
    assert re.fullmatch("vol-[0-9a-f]{17}", found["Volume"])
    assert "." in found["Host"]
    (line,) = [line for line in resource_notes(embedded.workspace) if line.startswith("parts: ")]
    assert "RDS DBProxy, DBProxyTargetGroup, OptionGroup" in line
