"""Networks, instances, containers, load balancers and databases: created with attributes, without effect.

MiniStack has most of these types, and runs nothing for them; the others get attributes from their schemas.
Source: CloudFormation user guide, "AWS resource and property types reference".
"""

from __future__ import annotations

from functools import partial

from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.cloudformation.schema_values import resource_values
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import Handlers, Properties, ProvisionedResource
from rehearsal.workspace.resource_notes import CREATED_WITHOUT_EFFECT


def register(record: ResourceRecord) -> None:
    """Record each resource of these types, and register the types that MiniStack lacks."""
    for type_ in CREATED_WITHOUT_EFFECT:
        known = cloudformation.set_resource_type(type_, None)
        cloudformation.register_resource_type(type_, _recorded(record, type_, known or _from_schema(type_)))


def _recorded(record: ResourceRecord, type_: str, handlers: Handlers) -> Handlers:
    def create(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
        record.add(type_, logical_id, stack)
        return handlers["create"](logical_id, properties, stack)

    return {**handlers, "create": create}


def _from_schema(type_: str) -> Handlers:
    create, update = partial(_create, type_), partial(_update, type_)
    return cloudformation.resource_handlers(create, update, lambda *_: None, update_with_logical_id=True)


def _create(type_: str, logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
    return resource_values(type_, f"{stack}-{logical_id}", properties)


def _update(
    type_: str, name: str, _old: Properties, new: Properties, stack: str, logical_id: str
) -> ProvisionedResource:
    _, attributes = _create(type_, logical_id, new, stack)
    return name, attributes
