"""Resources with policies or keys that no request is checked against; the end of a run reports each.

Source: docs/fidelity/iam.md, the rows with `missing`.
"""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.cloudformation import Handlers, Properties, ProvisionedResource
from rehearsal.json_values import items, mapping, member

# Type -> paths of the properties that are not checked; a type without paths is not checked at all.
_UNCHECKED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "AWS::DynamoDB::Table": (("ResourcePolicy",), ("SSESpecification", "KMSMasterKeyId")),
    "AWS::ECR::Repository": (("RepositoryPolicyText",),),
    "AWS::Kinesis::Stream": (("StreamEncryption", "KeyId"),),
    "AWS::Logs::ResourcePolicy": (),
}


def register(record: ResourceRecord) -> None:
    """Record each resource that is created or updated with such a property."""
    for type_ in _UNCHECKED:
        known = cloudformation.set_resource_type(type_, None)
        if known:
            cloudformation.register_resource_type(type_, _recorded(record, type_, known))


def _recorded(record: ResourceRecord, type_: str, handlers: Handlers) -> Handlers:
    def create(logical_id: str, properties: Properties, stack: str) -> ProvisionedResource:
        if _is_unchecked(type_, properties):
            record.add(type_, logical_id, stack)
        return handlers["create"](logical_id, properties, stack)

    def update(name: str, old: Properties, new: Properties, stack: str, *logical_id: str) -> ProvisionedResource:
        if _is_unchecked(type_, new):
            record.add(type_, logical_id[0] if logical_id else name, stack)
        return handlers["update"](name, old, new, stack, *logical_id)

    return {**handlers, "create": create, **({"update": update} if "update" in handlers else {})}


def _is_unchecked(type_: str, properties: Properties) -> bool:
    paths = _UNCHECKED[type_]
    return not paths or any(_names_callers(member(properties, *path)) for path in paths)


def _names_callers(value: object) -> bool:
    """Return whether a policy is about other callers than AWS's services; a bootstrap's repository has one for Lambda.

    A key is about every caller.
    """
    statements = items(value, "Statement")
    services = [mapping(statement, "Principal").keys() == {"Service"} for statement in statements]
    return bool(value) and not (services and all(services))
