"""EC2 types that CDK's Vpc uses by default and MiniStack lacks: created with attributes, without effect.

Source: CloudFormation user guide, "Amazon EC2 resource type reference".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.cloudformation.schema_values import resource_values
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.workspace.acceptances import CREATED_WITHOUT_EFFECT

Properties = Mapping[str, object]


def register(record: ResourceRecord) -> None:
    """Register the types, except those that MiniStack supports."""
    for type_ in CREATED_WITHOUT_EFFECT:
        if not cloudformation.has_resource_type(type_):
            create, update = partial(_create, record, type_), partial(_update, record, type_)
            handlers = cloudformation.resource_handlers(create, update, lambda *_: None, update_with_logical_id=True)
            cloudformation.register_resource_type(type_, handlers)


def _create(
    record: ResourceRecord, type_: str, logical_id: str, properties: Properties, stack: str
) -> ProvisionedResource:
    record.add(type_, logical_id, stack)
    return resource_values(type_, f"{stack}-{logical_id}", properties)


def _update(  # noqa: PLR0917 - MiniStack's
    record: ResourceRecord, type_: str, name: str, _old: Properties, new: Properties, stack: str, logical_id: str
) -> ProvisionedResource:
    _, attributes = _create(record, type_, logical_id, new, stack)
    return name, attributes
