"""The resource types that this project adds to MiniStack's, and the file that lists all supported types."""

from __future__ import annotations

from collections.abc import Iterable

from rehearsal.emulator.cloudformation import (
    delivery_types,
    repository_resource,
    types_without_effect,
    unchecked_permissions,
)
from rehearsal.emulator.cloudformation.api_deployment import ApiDeployments
from rehearsal.emulator.cloudformation.notification_rules import NotificationRules
from rehearsal.emulator.cloudformation.pipeline_resource import PipelineResource
from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.ministack.port.cloudformation import resource_types
from rehearsal.engine.model.definition import ActionType
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.supported import write_supported


def register(
    space: Workspace, pipelines: PipelineResource, record: ResourceRecord, providers: Iterable[ActionType]
) -> None:
    """Register this project's types, and write all supported types and providers to a file for the commands."""
    pipelines.register()
    repository_resource.register()
    delivery_types.register(record)
    types_without_effect.register(record)
    unchecked_permissions.register(record)
    ApiDeployments(record).register()
    NotificationRules(record).register()
    write_supported(space, resource_types(), providers)
