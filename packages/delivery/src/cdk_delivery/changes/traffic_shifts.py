"""How the traffic of aliases moves to new versions: all at once, or step by step through CodeDeploy.

Sources: AWS CloudFormation user guide, "UpdatePolicy attribute"; CloudFormation template reference,
"AWS::CodeDeploy::DeploymentConfig TrafficRoutingConfig"; AWS CodeDeploy user guide, "Working with deployment
configurations in CodeDeploy".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cdk_delivery.changes.policy_attachments import referenced_ids
from cdk_delivery.cloud_assembly import Resource, Template
from cdk_delivery.json_values import items, mapping, member

ALIAS, GROUP, CONFIG = "AWS::Lambda::Alias", "AWS::CodeDeploy::DeploymentGroup", "AWS::CodeDeploy::DeploymentConfig"
_PREDEFINED = re.compile(
    r"CodeDeployDefault\.Lambda(?P<type>Canary|Linear)(?P<percent>\d+)Percent(?:Every)?(?P<minutes>\d+)Minutes?"
)


@dataclass(frozen=True, order=True)
class TrafficShift:
    """The shift of one alias that gets another version. alarms: the number of alarms that stop it."""

    alias: str
    pace: str
    alarms: int = 0

    def __str__(self) -> str:
        stopped = f", stopped by {self.alarms} alarm{'s' if self.alarms > 1 else ''}" if self.alarms else ""
        return f"{self.alias}: {self.pace}{stopped}"


def traffic_shifts(old: Template, new: Template) -> Iterator[TrafficShift]:
    """Yield the shifts, in the order of the new template. A new alias has no traffic to shift."""
    before = old.get("Resources", {})
    resources = new.get("Resources", {})
    for id_, alias in resources.items():
        if alias["Type"] == ALIAS and id_ in before and _version(before[id_]) != _version(alias):
            policy = mapping(alias, "UpdatePolicy", "CodeDeployLambdaAliasUpdate")
            yield _shift(id_, policy, resources) if policy else TrafficShift(id_, "all at once")


def _version(alias: Resource) -> object:
    return member(alias, "Properties", "FunctionVersion")


def _shift(alias: str, policy: Mapping[str, object], resources: Mapping[str, Resource]) -> TrafficShift:
    group = _properties(referenced_ids(policy.get("DeploymentGroupName")), GROUP, resources)
    alarms = items(group, "AlarmConfiguration", "Alarms")
    return TrafficShift(alias, _pace(group.get("DeploymentConfigName"), resources), len(alarms))


def _pace(name: object, resources: Mapping[str, Resource]) -> str:
    if name in (None, "CodeDeployDefault.LambdaAllAtOnce"):
        return "all at once, by CodeDeploy"
    if isinstance(name, str):
        match = _PREDEFINED.fullmatch(name)
        return _steps(match["type"], match["percent"], match["minutes"]) if match else f"as {name} says"
    config = _referenced_config(name, resources)
    for routing, kind in (("TimeBasedCanary", "Canary"), ("TimeBasedLinear", "Linear")):
        if step := mapping(config, routing):
            return _steps(kind, step[f"{kind}Percentage"], step[f"{kind}Interval"])
    return "step by step, by CodeDeploy"


def _referenced_config(name: object, resources: Mapping[str, Resource]) -> Mapping[str, object]:
    """Return the routing of a deployment configuration, referenced directly or by the resource that chooses it."""
    ids = referenced_ids(name)
    ids |= {id_ for chosen in ids for id_ in referenced_ids(member(resources, chosen, "Properties"))}
    return mapping(_properties(ids, CONFIG, resources), "TrafficRoutingConfig")


def _properties(ids: Iterable[str], kind: str, resources: Mapping[str, Resource]) -> Mapping[str, object]:
    """Return the properties of the resource of this type among the ids; empty without one."""
    for id_ in sorted(ids):
        if member(resources, id_, "Type") == kind:
            return mapping(resources, id_, "Properties")
    return {}


def _steps(kind: str, percent: object, minutes: object) -> str:
    return f"{percent}% for {minutes} min, then 100%" if kind == "Canary" else f"{percent}% more every {minutes} min"
