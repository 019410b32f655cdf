"""The AppSpec of a Lambda deployment: the alias, its current and target version, and the hooks.

Source: AWS CodeDeploy user guide, "AppSpec file structure for AWS Lambda deployments".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from rehearsal.emulator.codedeploy.errors import CodeDeployError

BEFORE, AFTER = "BeforeAllowTraffic", "AfterAllowTraffic"


@dataclass(frozen=True)
class AppSpec:
    """A deployment's AppSpec. hooks: BeforeAllowTraffic, AfterAllowTraffic -> the function's name or ARN."""

    function: str
    alias: str
    current: str
    target: str
    hooks: Mapping[str, str]

    def content(self) -> str:
        """Return the text of the AppSpec."""
        properties = {
            "Name": self.function,
            "Alias": self.alias,
            "CurrentVersion": self.current,
            "TargetVersion": self.target,
        }
        resource = {self.function: {"Type": "AWS::Lambda::Function", "Properties": properties}}
        hooks = [{event: function} for event, function in self.hooks.items()]
        return json.dumps({"version": 0.0, "Resources": [resource], "Hooks": hooks})


def parse_app_spec(text: str) -> AppSpec:
    """Return the AppSpec of a text in JSON or YAML. Raises CodeDeployError."""
    try:
        spec = yaml.safe_load(text)
        names = {str(name).lower(): value for name, value in spec.items()}
        (resource,) = (value for entry in names["resources"] for value in entry.values())
        properties = {str(name).lower(): str(value) for name, value in resource["Properties"].items()}
        hooks = {event: str(function) for entry in names.get("hooks") or () for event, function in entry.items()}
        parsed = AppSpec(
            function=properties["name"],
            alias=properties["alias"],
            current=properties["currentversion"],
            target=properties["targetversion"],
            hooks=_known(hooks),
        )
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        message = (
            "The AppSpec needs one resource of type AWS::Lambda::Function with Name, Alias, CurrentVersion and"
            f" TargetVersion ({type(error).__name__}: {error})"
        )
        raise CodeDeployError("InvalidRevisionException", message) from error
    return parsed


def _known(hooks: Mapping[str, str]) -> Mapping[str, str]:
    unknown = hooks.keys() - {BEFORE, AFTER}
    if unknown:
        raise ValueError(f"Hooks: got {', '.join(sorted(unknown))}; {BEFORE} and {AFTER} are allowed")
    return hooks
