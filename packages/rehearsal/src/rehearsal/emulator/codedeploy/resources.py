"""`AWS::CodeDeploy::Application`, `DeploymentConfig` and `DeploymentGroup` for MiniStack's CloudFormation.

Source: AWS CloudFormation user guide, the pages of these three types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict

from rehearsal.emulator.codedeploy.errors import CodeDeployError
from rehearsal.emulator.codedeploy.service import CodeDeploy
from rehearsal.emulator.codedeploy.store import Record, Scope
from rehearsal.emulator.codedeploy.traffic_config import PREFIX, TrafficConfig
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.emulator.ministack.port.requests import get_account_id, get_region


def register(codedeploy: CodeDeploy) -> None:
    """Register the three types."""
    for name, resource in (
        ("Application", Applications(codedeploy)),
        ("DeploymentConfig", Configs(codedeploy)),
        ("DeploymentGroup", Groups(codedeploy)),
    ):
        handlers = cloudformation.resource_handlers(
            resource.create, resource.update, resource.delete, update_with_logical_id=True
        )
        cloudformation.register_resource_type(f"AWS::CodeDeploy::{name}", handlers)


class Properties(TypedDict, total=False):
    """The properties of the three types that are read here; a group's record has all of its properties."""

    ApplicationName: str
    ComputePlatform: str
    DeploymentConfigName: str
    DeploymentGroupName: str
    TrafficRoutingConfig: Mapping[str, object]


class Resources:
    """The handlers of one type, whose records are in the store. A changed name replaces the resource."""

    kind = ""
    name_property: Literal["ApplicationName", "DeploymentConfigName", "DeploymentGroupName"]

    def __init__(self, codedeploy: CodeDeploy) -> None:
        self._codedeploy = codedeploy

    def create(self, logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
        name = str(properties.get(self.name_property) or cloudformation.physical_name(stack, logical_id, length=100))
        if self.key(name, properties) in self._codedeploy.store.all(_scope(), self.kind):
            raise CodeDeployError(f"{self.name_property}AlreadyExists", f"{name} already exists")
        self._put(name, properties)
        return name, {"Id": name}

    def update(self, name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> ProvisionedResource:
        renamed = str(new.get(self.name_property) or name)
        if self.key(renamed, new) != self.key(name, old):
            return self.create(logical_id, new, stack)
        self._put(name, new)
        return name, {"Id": name}

    def delete(self, name: str, properties: Properties) -> None:
        self._codedeploy.store.remove(_scope(), self.kind, self.key(name, properties))

    def key(self, name: str, _properties: Properties) -> str:
        """Return the key of a record in the store."""
        return name

    def record(self, name: str, properties: Properties) -> Record:
        """Return the record in the API's form. Raises ValueError."""
        raise NotImplementedError

    def _put(self, name: str, properties: Properties) -> None:
        record = self.record(name, properties)
        self._codedeploy.store.put(_scope(), self.kind, self.key(name, properties), record)


class Applications(Resources):
    """Applications; their default platform is Server (EC2)."""

    kind, name_property = "applications", "ApplicationName"

    def record(self, name: str, properties: Properties) -> Record:
        return {"applicationName": name, "computePlatform": properties.get("ComputePlatform") or "Server"}


class Configs(Resources):
    """Deployment configurations."""

    kind, name_property = "configs", "DeploymentConfigName"

    def record(self, name: str, properties: Properties) -> Record:
        if name.startswith(PREFIX):
            message = f"{name}: names that begin with {PREFIX} belong to AWS"
            raise CodeDeployError("InvalidDeploymentConfigNameException", message)
        platform, routing = properties.get("ComputePlatform") or "Server", properties.get("TrafficRoutingConfig")
        record: Record = {"deploymentConfigName": name, "computePlatform": platform}
        if platform == "Lambda":
            record["trafficRoutingConfig"] = TrafficConfig.of(routing).as_api()
        return record


class Groups(Resources):
    """Deployment groups, whose key includes their application."""

    kind, name_property = "groups", "DeploymentGroupName"

    def key(self, name: str, properties: Properties) -> str:
        return f"{properties['ApplicationName']}/{name}"

    def record(self, name: str, properties: Properties) -> Record:
        record: Record = cloudformation.camel_case(
            {key: value for key, value in properties.items() if key not in ("Deployment", "Tags")}
        )
        record["deploymentGroupName"] = name
        record["deploymentConfigName"] = properties.get("DeploymentConfigName") or f"{PREFIX}LambdaAllAtOnce"
        self._codedeploy.check_group(_scope(), record)
        return record


def _scope() -> Scope:
    return Scope(get_account_id(), get_region())
