"""Resource types that are created without effect: CodeConnections' connections, and GitHub webhooks.

Sources: CloudFormation user guide, "AWS::CodePipeline::Webhook", "AWS::CodeConnections::Connection",
"AWS::CodeStarConnections::Connection".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import Properties, ProvisionedResource
from rehearsal.emulator.ministack.port.requests import get_account_id, get_region

CONNECTIONS = {
    "AWS::CodeConnections::Connection": "codeconnections",
    "AWS::CodeStarConnections::Connection": "codestar-connections",
}
WEBHOOK = "AWS::CodePipeline::Webhook"


def register(record: ResourceRecord) -> None:
    """Register the types. Neither is needed here: a push to the local remote starts the pipeline."""
    for type_, service in CONNECTIONS.items():
        _register(record, type_, partial(_connection, service))
    _register(record, WEBHOOK, _webhook)


def _register(record: ResourceRecord, type_: str, make: Callable[[str, Properties, str], ProvisionedResource]) -> None:
    def create(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
        record.add(type_, logical_id, stack)
        return make(logical_id, properties, stack)

    def update(_name: str, _old: Properties, new: Properties, stack: str, logical_id: str) -> ProvisionedResource:
        return create(logical_id, new, stack)

    handlers = cloudformation.resource_handlers(create, update, lambda *_: None, update_with_logical_id=True)
    cloudformation.register_resource_type(type_, handlers)


def _connection(service: str, logical_id: str, _properties: Properties, stack: str) -> ProvisionedResource:
    """A connection. On AWS it is PENDING until a user completes it in the console; here its status is not used."""
    id_ = _uuid(f"{stack}/{logical_id}")
    arn = f"arn:aws:{service}:{get_region()}:{get_account_id()}:connection/{id_}"
    return arn, {"ConnectionArn": arn, "ConnectionStatus": "PENDING", "OwnerAccountId": get_account_id()}


def _webhook(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
    name = str(properties.get("Name") or f"{stack}-{logical_id}")
    return name, {"Url": f"https://webhooks.domain.com/trigger/{_uuid(f'{get_account_id()}/{name}')}"}


def _uuid(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
