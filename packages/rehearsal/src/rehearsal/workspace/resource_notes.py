"""Resources that are created without effect, or with a part of it, which the end of a run reports."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from rehearsal.workspace.layout import Workspace

# Part of the embedded AWS's state: a JSON line for each created resource of an accepted type.
RESOURCES = "accepted-resources.jsonl"
API_DEPLOYMENT = "AWS::ApiGatewayV2::Deployment"

_ACCEPTED = "has no effect: its type was accepted"
_PENDING = "is PENDING on AWS, where sources that use it fail, until a person completes it in the console"
# Created without an acceptance: what nothing runs for, on this machine.
_WITHOUT_EFFECT = {
    "ApplicationAutoScaling": ("ScalableTarget", "ScalingPolicy"),
    "AutoScaling": ("AutoScalingGroup",),
    "EC2": (
        "EIP",
        "EIPAssociation",
        "FlowLog",
        "Instance",
        "KeyPair",
        "NatGateway",
        "NetworkAcl",
        "NetworkAclEntry",
        "SecurityGroupEgress",
        "SecurityGroupIngress",
        "SubnetNetworkAclAssociation",
        "Volume",
        "VolumeAttachment",
    ),
    "ECS": ("CapacityProvider", "Cluster", "ClusterCapacityProviderAssociations", "Service", "TaskDefinition"),
    "ElasticLoadBalancingV2": ("Listener", "ListenerCertificate", "ListenerRule", "LoadBalancer", "TargetGroup"),
    "RDS": ("DBCluster", "DBInstance", "DBProxy", "DBProxyTargetGroup", "OptionGroup"),
    "SecretsManager": ("ResourcePolicy", "RotationSchedule"),
}
CREATED_WITHOUT_EFFECT = tuple(
    f"AWS::{service}::{kind}" for service, kinds in _WITHOUT_EFFECT.items() for kind in kinds
)
# Resource types that need no acceptance -> the note that the end of a run prints for each resource.
_NOTES = {
    API_DEPLOYMENT: "is not a snapshot: the API serves its current routes, on AWS those of its stage's deployment",
    "AWS::CodeConnections::Connection": _PENDING,
    "AWS::CodeStarConnections::Connection": _PENDING,
    "AWS::CloudWatch::Alarm": "is not evaluated: it watches a function that is missing here, or another account",
    "AWS::CodeStarNotifications::NotificationRule": "delivers notices of pipelines to topics only",
    "AWS::DynamoDB::Table": "has a policy or a key that no request is checked against",
    "AWS::ECR::Repository": "has a policy that no request is checked against",
    "AWS::Kinesis::Stream": "has a key that no request is checked against",
    "AWS::Logs::ResourcePolicy": "is not evaluated",
    "AWS::CodePipeline::Webhook": "has no effect: a push to the local remote starts the pipeline",
}


def resource_notes(space: Workspace) -> list[str]:
    """Return a line for each resource without effect, `AWS::Service::Resource stack/logical-id note`.

    Resources that need no acceptance have one line for each stack.
    """
    path = space.state / RESOURCES
    records = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    created = {(record["stack"], record["type"], record["resource"]) for record in records}
    return sorted(
        [
            *_without_effect(resource[:2] for resource in created if resource[1] in CREATED_WITHOUT_EFFECT),
            *(
                f"{type_} {stack}/{name} {_NOTES.get(type_, _ACCEPTED)}"
                for stack, type_, name in created
                if type_ not in CREATED_WITHOUT_EFFECT
            ),
        ]
    )


def _without_effect(created: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a line for each stack, such as `Web: created without effect: ECS Cluster, Service; RDS DBInstance`."""
    stacks: dict[str, dict[str, list[str]]] = {}
    for stack, type_ in sorted(set(created)):
        _, service, kind = type_.split("::")
        stacks.setdefault(stack, {}).setdefault(service, []).append(kind)
    for stack, services in stacks.items():
        parts = [f"{service} {', '.join(kinds)}" for service, kinds in services.items()]
        yield f"{stack}: created without effect: {'; '.join(parts)}"
