"""Ref of a secret, which returns its ARN: MiniStack identifies the secrets of stacks by name.

Source: CloudFormation template reference, AWS::SecretsManager::Secret, return values.
"""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.emulator.ministack.port.cloudformation import Properties, Provision, ProvisionedResource
from rehearsal.emulator.ministack.port.secrets import secret_record


def identify_created(create: Provision) -> Provision:
    """Return the replacement of the create handler, whose secret has its ARN as physical id."""

    def create_with_arn(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
        _, attributes = create(logical_id, properties, stack)
        return attributes["Arn"], attributes

    return create_with_arn


def identify_updated(update: Provision) -> Provision:
    """Return the replacement of the update handler."""

    def update_with_arn(id_: str, old: Properties, new: Properties, *rest: str) -> ProvisionedResource:
        _, attributes = update(_name(id_), old, new, *rest)
        return attributes["Arn"], attributes

    return update_with_arn


def find_deleted(delete: Callable[[str, Properties], None]) -> Callable[[str, Properties], None]:
    """Return the replacement of the delete handler."""

    def delete_by_arn(id_: str, properties: Properties) -> None:
        delete(_name(id_), properties)

    return delete_by_arn


def _name(id_: str) -> str:
    """Return the name of a secret by its physical id, the ARN; where there is no such secret, the id itself."""
    return secret_record(id_).get("Name", id_)
