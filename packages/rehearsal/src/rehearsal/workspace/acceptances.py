"""Action providers and resource types that the user accepted as not rehearsed.

`run --accept NAME` writes accepted.json, the embedded AWS reads it, and the end of the run reports the result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from rehearsal.engine.model.definition import ActionType
from rehearsal.host.atomic_write import write_json
from rehearsal.workspace.layout import Workspace

# Part of the embedded AWS's state: a JSON line for each created resource of an accepted type.
RESOURCES = "accepted-resources.jsonl"
API_DEPLOYMENT = "AWS::ApiGatewayV2::Deployment"

_ACCEPTED = "has no effect: its type was accepted"
_PENDING = "is PENDING on AWS, where sources that use it fail, until a person completes it in the console"
# Matches MiniStack's message for a resource type that it supports in part, such as one property.
_UNSUPPORTED = re.compile(r"\((AWS::[\w:]+)\): [^;]*not (?:yet )?(?:supported|implemented|emulated)")
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


@dataclass(frozen=True)
class Accepted:
    """The accepted names. providers: `Provider` or `Category/Provider`. types: `AWS::Service::Resource`."""

    providers: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()

    @classmethod
    def from_names(cls, names: Iterable[str]) -> Self:
        """Sort the names into types, which have `::`, and providers."""
        every = frozenset(names)
        types = frozenset(name for name in every if "::" in name)
        return cls(every - types, types)

    def takes(self, type_: ActionType) -> bool:
        """Return whether the provider is accepted, by its name or with its category."""
        return bool({type_.provider, str(type_)} & self.providers)


class AcceptedFile:
    """The file accepted.json, by which `run` passes the names to an embedded AWS that may already run."""

    def __init__(self, space: Workspace) -> None:
        self._path = space.home / "accepted.json"
        self._read: tuple[int, Accepted] = (0, Accepted())

    def write(self, names: Iterable[str]) -> None:
        write_json(self._path, sorted({*names}))

    def add(self, names: Iterable[str]) -> None:
        """Accept more names; without names nothing is written."""
        if names := tuple(names):
            accepted = self.read()
            self.write({*accepted.providers, *accepted.types, *names})

    def read(self) -> Accepted:
        """Return the current names; the file is read again only when it has changed."""
        try:
            changed = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return Accepted()
        if changed != self._read[0]:
            self._read = (changed, Accepted.from_names(json.loads(self._path.read_text())))
        return self._read[1]


def accept_options(names: Iterable[str]) -> str:
    """Return the options of a command line that accept all of `names`."""
    return " ".join(f"--accept {name}" for name in sorted(names))


def continue_hint(names: Iterable[str]) -> str:
    """Return how a run continues without all of `names`, with the whole command."""
    return f"`rehearse run {accept_options(names)}` continues, and what it accepts has no effect"


def accept_hint(message: str) -> str:
    """Return `continue_hint` for the resource types that an error says are supported in part; empty without one."""
    types = _UNSUPPORTED.findall(message)
    return continue_hint(types) if types else ""


def resources(space: Workspace) -> list[str]:
    """Return a line for each resource without effect, `AWS::Service::Resource stack/logical-id note`.

    Resources that need no acceptance have one line for each stack.
    """
    paths = (folder / RESOURCES for folder in (space.running, space.saved))
    path = next((path for path in paths if path.exists()), None)
    records = [json.loads(line) for line in path.read_text().splitlines()] if path else []
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
