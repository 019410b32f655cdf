"""CloudFormation: the handlers of resource types, stacks, and requests in MiniStack's form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypedDict

from ministack.services import cloudformation
from ministack.services.cloudformation import custom_resource, engine, handlers, helpers, provisioners, stacks

from rehearsal.emulator.ministack.port.requests import Answer
from rehearsal.json_values import JsonValue

# Physical id and attributes of a resource.
ProvisionedResource = tuple[str, dict[str, str]]
# The properties of a resource in a template, with intrinsic functions resolved.
type Properties = Mapping[str, object]
# Creates or updates a resource.
type Provision = Callable[..., ProvisionedResource]


class Handlers(TypedDict, total=False):
    """The handlers of a resource type, as MiniStack keeps them."""

    create: Provision
    update: Provision
    delete: Callable[..., None]
    update_with_logical_id: bool


class Template(TypedDict, total=False):
    Outputs: Mapping[str, JsonValue]
    Resources: Mapping[str, JsonValue]


class StackResource(NamedTuple):
    """A resource that a stack has created."""

    stack: str
    logical_id: str
    type: str
    physical_id: str


class Parameter(TypedDict):
    ParameterKey: str
    ParameterValue: str


class StackRecord(TypedDict, total=False):
    """A stack, or a change set of one."""

    ExecutionStatus: str
    Parameters: list[Parameter]
    RoleARN: str
    StackId: str
    StackName: str
    StackStatus: str
    Status: str
    StatusReason: str
    _parent_stack_name: str
    _resources: dict[str, object]
    _role_arn: str
    _template: Template
    _template_body: str


def resource_handlers(
    create: Callable[..., ProvisionedResource],
    update: Callable[..., ProvisionedResource],
    delete: Callable[..., None],
    *,
    update_with_logical_id: bool = False,
) -> Handlers:
    """Return the handlers of a resource type, as MiniStack keeps them."""
    handlers_: Handlers = {"create": create, "update": update, "delete": delete}
    return {**handlers_, "update_with_logical_id": True} if update_with_logical_id else handlers_


def has_resource_type(type_: str) -> bool:
    return type_ in provisioners._RESOURCE_HANDLERS


def resource_types() -> list[str]:
    """Return every resource type that templates may have."""
    return [*provisioners._RESOURCE_HANDLERS]


def register_resource_type(type_: str, handlers: Handlers) -> None:
    """Register the handlers of a resource type, so that templates may have it."""
    provisioners._RESOURCE_HANDLERS[type_] = handlers


def set_resource_type(type_: str, handlers: Handlers | None) -> Handlers | None:
    """Replace the handlers of a resource type and return the previous ones; None: the type does not exist."""
    previous: Handlers | None = provisioners._RESOURCE_HANDLERS.pop(type_, None)
    if handlers is not None:
        provisioners._RESOURCE_HANDLERS[type_] = handlers
    return previous


def create_resource(type_: str, logical_id: str, properties: Mapping[str, object], stack: str) -> ProvisionedResource:
    """Create a resource with its type's handler, in the request's account and region."""
    resource: ProvisionedResource = provisioners._RESOURCE_HANDLERS[type_]["create"](logical_id, properties, stack)
    return resource


def resource_exists(type_: str, identifier: Mapping[str, str]) -> bool:
    """Return whether a table, function or log group exists, in a stack or not."""
    try:
        provisioners._RESOURCE_HANDLERS[type_]["import"](identifier)
    except KeyError:
        return False
    return True


def delete_resource(type_: str, physical_id: str, properties: Mapping[str, object]) -> None:
    """Delete a resource with its type's handler; do nothing where the resource does not exist."""
    provisioners._RESOURCE_HANDLERS[type_]["delete"](physical_id, properties)


def physical_name(stack: str, logical_id: str, *, lowercase: bool = False, length: int = 128) -> str:
    """Return the name that CloudFormation generates for a resource without one."""
    return str(provisioners._physical_name(stack, logical_id, lowercase=lowercase, max_len=length))


def camel_case(properties: object) -> Any:
    """Return a template's properties in camelCase, as service APIs have them."""
    return provisioners._pascal_to_camel(properties)


def function_name(reference: str) -> str:
    """Return the name of a function from a template's property, which is its name or ARN."""
    _, name, _, _ = provisioners._lambda_function_for_cfn_ref(reference)
    return str(name)


def stack_record(name: str) -> StackRecord:
    """Return the record of a stack by its name; empty if there is none."""
    record: StackRecord | None = cloudformation._stacks.get(name)
    return record or {}


def stack_resources() -> Iterator[StackResource]:
    """Yield the resources of every stack of the request's account and region."""
    for stack in [*cloudformation._stacks.values()]:
        for logical_id, resource in [*stack.get("_resources", {}).items()]:
            yield StackResource(
                stack["StackName"], logical_id, resource["ResourceType"], str(resource.get("PhysicalResourceId", ""))
            )


def find_stack(name_or_id: str) -> StackRecord | None:
    """Return the record of a stack by its name or its id."""
    record: StackRecord | None = handlers._resolve_stack(name_or_id)
    return record


def created_change_set(answer: Answer) -> StackRecord | None:
    """Return the record of the change set in a response of CreateChangeSet; None where that is an error."""
    id_ = re.search(rb"<Id>([^<]+)</Id>", answer[2])
    return cloudformation._change_sets.get(id_[1].decode()) if id_ else None


def parameter(params: Mapping[str, object], name: str) -> str:
    """Return a parameter of a request; empty where the request does not have it."""
    return str(helpers._p(params, name) or "")


def error_answer(code: str, message: str, status: int) -> Answer:
    answer: Answer = helpers._error(code, message, status)
    return answer


def update_policy(stack: str, logical_id: str, name: str) -> dict[str, object] | None:
    """Return an UpdatePolicy of a resource, with its references resolved; None where the resource has none.

    stack: the name of a stack that is being updated. name: such as CodeDeployLambdaAliasUpdate.
    """
    record = stack_record(stack)
    template = engine._parse_template(record.get("_template_body") or "{}")
    resource = (template.get("Resources") or {}).get(logical_id) or {}
    policy = (resource.get("UpdatePolicy") or {}).get(name)
    if not policy:
        return None
    parameters = {
        item["ParameterKey"]: {"Value": item["ParameterValue"], "NoEcho": False}
        for item in record.get("Parameters") or []
    }
    conditions = engine._evaluate_conditions(template, parameters)
    resolved: dict[str, object] = engine._resolve_refs(
        policy, record["_resources"], parameters, conditions, template.get("Mappings", {}), stack, record["StackId"]
    )
    return resolved


def runs_in_background(type_: str) -> bool:
    """Whether MiniStack provisions resources of a type in a separate thread."""
    return bool(stacks._runs_on_worker_thread(type_))


def answer_custom_resource(token: str, answer: Mapping[str, object]) -> None:
    """Deliver the response to a custom resource's request; token: the end of its ResponseURL."""
    custom_resource.deliver_response(token, dict(answer))
