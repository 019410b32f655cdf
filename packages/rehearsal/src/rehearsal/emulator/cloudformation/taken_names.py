"""CloudFormation creates no second resource of a type with the same name, in an account and region.

On AWS a change set already fails for it (resource name conflict detection); here the creation of the resource does.
Sources: AWS CloudFormation user guide, "Validate stack deployments"; the message is quoted in aws-cdk-cli#1000.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rehearsal.emulator.cloudformation.resource_names import NAME_PROPERTIES, name_property
from rehearsal.emulator.ministack.port import cloudformation

Provision = Callable[[str, str, Mapping[str, object], str], object]

# Types of which MiniStack creates a second resource where no stack has the first one.
_REPLACED_WITHOUT_STACK = {"AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::Logs::LogGroup"}


def refuse_taken_names(provision: Provision) -> Provision:
    """Return the replacement of the function that creates a resource of a stack."""

    def provision_with_free_name(type_: str, logical_id: str, properties: Mapping[str, object], stack: str) -> object:
        key = name_property(type_)
        name = properties.get(key)
        if isinstance(name, str):
            _check_name(type_, key, name, (stack, logical_id))
        return provision(type_, logical_id, properties, stack)

    return provision_with_free_name


def _check_name(type_: str, key: str, name: str, asking: tuple[str, str]) -> None:
    """Raise ValueError where a resource other than `asking`, a stack and logical id, has the name."""
    owner = _owner(type_, name)
    if owner == asking:
        return
    if owner:
        where = "it is {1} of the stack {0}; give each its own name, or let CloudFormation generate the names"
    elif type_ in _REPLACED_WITHOUT_STACK and cloudformation.resource_exists(type_, {key: name}):
        where = "no stack has it; delete it, as where a stack was deleted that retains it, or choose another name"
    else:
        return
    raise ValueError(f"Resource of type '{type_}' with identifier '{name}' already exists: {where.format(*owner)}")


def _owner(type_: str, name: str) -> tuple[str, ...]:
    """Return the stack and the logical id of the resource that has the name; empty where no stack has one."""
    for resource in cloudformation.stack_resources():
        id_ = resource.physical_id
        if resource.type == type_ and name == (re.split("[:/]", id_)[-1] if type_ in NAME_PROPERTIES else id_):
            return resource.stack, resource.logical_id
    return ()
