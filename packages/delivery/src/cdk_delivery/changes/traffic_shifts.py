"""How the traffic of aliases moves to new versions: all at once, or step by step through CodeDeploy.

Sources: AWS CloudFormation user guide, "UpdatePolicy attribute"; CloudFormation template reference,
"AWS::CodeDeploy::DeploymentConfig TrafficRoutingConfig"; AWS CodeDeploy user guide, "Working with deployment
configurations in CodeDeploy".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cdk_delivery.changes.policy_attachments import referenced_ids
from cdk_delivery.changes.stacks import Template

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
    before: Mapping[str, Any] = old.get("Resources", {})
    resources: Mapping[str, Any] = new.get("Resources", {})
    for id_, alias in resources.items():
        if alias["Type"] == ALIAS and id_ in before and _version(before[id_]) != _version(alias):
            policy = alias.get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate")
            yield _shift(id_, policy, resources) if policy else TrafficShift(id_, "all at once")


def _version(alias: Mapping[str, Any]) -> Any:
    return alias.get("Properties", {}).get("FunctionVersion")


def _shift(alias: str, policy: Mapping[str, Any], resources: Mapping[str, Any]) -> TrafficShift:
    group = _properties(referenced_ids(policy.get("DeploymentGroupName")), GROUP, resources)
    alarms = group.get("AlarmConfiguration", {}).get("Alarms", ())
    return TrafficShift(alias, _pace(group.get("DeploymentConfigName"), resources), len(alarms))


def _pace(name: Any, resources: Mapping[str, Any]) -> str:
    if name in (None, "CodeDeployDefault.LambdaAllAtOnce"):
        return "all at once, by CodeDeploy"
    if isinstance(name, str):
        match = _PREDEFINED.fullmatch(name)
        return _steps(match["type"], match["percent"], match["minutes"]) if match else f"as {name} says"
    config = _referenced_config(name, resources)
    for member, kind in (("TimeBasedCanary", "Canary"), ("TimeBasedLinear", "Linear")):
        if step := config.get(member):
            return _steps(kind, step[f"{kind}Percentage"], step[f"{kind}Interval"])
    return "step by step, by CodeDeploy"


def _referenced_config(name: Any, resources: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the routing of a deployment configuration, referenced directly or by the resource that chooses it."""
    ids = referenced_ids(name)
    ids |= {id_ for chosen in ids for id_ in referenced_ids(resources.get(chosen, {}).get("Properties"))}
    routing: Mapping[str, Any] = _properties(ids, CONFIG, resources).get("TrafficRoutingConfig", {})
    return routing


def _properties(ids: Iterable[str], kind: str, resources: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties of the resource of this type among the ids; empty without one."""
    for id_ in sorted(ids):
        if resources.get(id_, {}).get("Type") == kind:
            properties: Mapping[str, Any] = resources[id_].get("Properties", {})
            return properties
    return {}


def _steps(kind: str, percent: Any, minutes: Any) -> str:
    return f"{percent}% for {minutes} min, then 100%" if kind == "Canary" else f"{percent}% more every {minutes} min"
