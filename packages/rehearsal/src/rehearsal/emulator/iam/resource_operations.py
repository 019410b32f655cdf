"""Replacements of MiniStack's functions that create, update, delete and import the resources of stacks.

They check the permissions of the stack's role first.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Coroutine, Mapping

from rehearsal.emulator.iam.cfnlint_data import create_only_properties
from rehearsal.emulator.iam.resource_arns import Resource
from rehearsal.emulator.iam.stack_permissions import check_operation, check_read
from rehearsal.emulator.ministack.port.cloudformation import Properties
from rehearsal.emulator.ministack.port.requests import Params

Handler = Callable[..., object]
Import = Callable[..., Coroutine[None, None, object]]

_importing_stack: contextvars.ContextVar[str] = contextvars.ContextVar("importing_stack", default="")
_nested_denials: contextvars.ContextVar[list[PermissionError] | None] = contextvars.ContextVar(
    "nested_denials", default=None
)


def check_create(provision: Handler) -> Handler:
    """Return the replacement of the function that creates a resource, also in a nested stack."""

    def provision_permitted(kind: str, logical_id: str, properties: Properties, stack: str) -> object:
        check_operation("create", Resource(kind, stack, logical_id, properties))
        return provision(kind, logical_id, properties, stack)

    return provision_permitted


def check_update(update: Handler) -> Handler:
    """Return the replacement of the function that updates a resource, or creates another one in its place.

    Source: AWS CloudFormation user guide, "Understand update behaviors of stack resources" (replacement).
    """

    def update_permitted(kind: str, name: str, old: Properties, new: Properties, stack: str, *rest: object) -> object:
        changed = [key for key in {*old, *new} if old.get(key) != new.get(key)]
        if create_only_properties(kind) & {*changed}:
            logical_id = str(rest[0] or "") if rest else ""
            check_operation("create", Resource(kind, stack, logical_id, new))
        elif changed:
            check_operation("update", Resource(kind, stack, "", new, name), changed)
        return update(kind, name, old, new, stack, *rest)

    return update_permitted


def name_importing_stack(import_resources: Import) -> Import:
    """Return the replacement of the function that imports resources into a stack; it sets the name of that stack."""

    async def import_into(change_set: Params, stack: Params, *rest: object) -> object:
        token = _importing_stack.set(str(stack["StackName"]))
        try:
            return await import_resources(change_set, stack, *rest)
        finally:
            _importing_stack.reset(token)

    return import_into


def name_adopting_stack(adopt: Handler) -> Handler:
    """Return the replacement of the function that imports a resource during an update; it sets the stack's name."""

    def adopt_into(stack_id: str, stack: str, *rest: object) -> object:
        token = _importing_stack.set(stack)
        try:
            return adopt(stack_id, stack, *rest)
        finally:
            _importing_stack.reset(token)

    return adopt_into


def check_import(import_resource: Handler) -> Handler:
    """Return the replacement of the function that imports one resource; the stack's role needs its read actions."""

    def import_permitted(kind: str, identifier: Mapping[str, str]) -> object:
        if stack := _importing_stack.get():
            check_read(Resource(kind, stack, "", identifier, next(iter(identifier.values()), "")))
        return import_resource(kind, identifier)

    return import_permitted


def check_delete(delete: Handler) -> Handler:
    """Return the replacement of the function that deletes a resource."""

    def delete_permitted(
        kind: str, name: str, properties: Properties, stack: str | None = None, *rest: object
    ) -> object:
        try:
            check_operation("delete", Resource(kind, stack or "", "", properties, name))
            return delete(kind, name, properties, stack, *rest)
        except PermissionError as denial:
            denials = _nested_denials.get()
            if denials is not None:
                denials.append(denial)
            raise

    return delete_permitted


def delete_nested_stack(delete: Handler) -> Handler:
    """Return the replacement of the handler that deletes a nested stack.

    It raises the first PermissionError of a resource in the stack.
    """

    def delete_whole(name: str, properties: Properties) -> None:
        denials: list[PermissionError] = []
        token = _nested_denials.set(denials)
        try:
            delete(name, properties)
        finally:
            _nested_denials.reset(token)
        if denials:
            raise denials[0]

    return delete_whole
