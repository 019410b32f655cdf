"""Permissions of event sources: queues that functions poll, topics and rules that invoke functions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from rehearsal.emulator.cloudformation.resource_handlers import Create
from rehearsal.emulator.iam import enforcement, kms_usage, roles, service_principals
from rehearsal.emulator.iam.enforcement import Request
from rehearsal.emulator.ministack.port import cloudformation, functions
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.emulator.ministack.port.eventbridge import Rule, Target
from rehearsal.emulator.ministack.port.function_records import EventSourceMapping
from rehearsal.emulator.ministack.port.requests import get_region, request_scope

Mappings = Callable[[], Iterator[tuple[str, str, EventSourceMapping]]]

log = logging.getLogger(__name__)

_POLL_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def poll_permitted_mappings(mappings: Mappings) -> Mappings:
    """Return the replacement of the function that lists event source mappings to poll.

    Lambda receives a queue's messages with the role of the function. Without its permission they stay in the queue, and
    the mapping is left out.
    """

    def permitted_mappings() -> Iterator[tuple[str, str, EventSourceMapping]]:
        for account, region, mapping in mappings():
            with request_scope(account, region):
                denial = _poll_denial(mapping.get("FunctionName", ""), mapping.get("EventSourceArn", ""))
            if denial:
                mapping["LastProcessingResult"] = f"PROBLEM: {denial}"
            else:
                yield account, region, mapping

    return permitted_mappings


def create_permitted_mapping(create: Create[EventSourceMapping]) -> Create[EventSourceMapping]:
    """Return the replacement of the handler that creates an event source mapping.

    It raises PermissionError where the function's role may not receive from the queue.
    """

    def create_permitted(logical_id: str, properties: EventSourceMapping, stack: str) -> ProvisionedResource:
        function = cloudformation.function_name(properties.get("FunctionName", ""))
        denial = _poll_denial(function, properties.get("EventSourceArn", ""))
        if denial:
            raise PermissionError(denial)
        return create(logical_id, properties, stack)

    return create_permitted


def deliver_to_permitted_functions(deliver: Callable[..., object]) -> Callable[..., object]:
    """Return the replacement of the function by which a topic invokes a function.

    The function's policy has to allow the call (AddPermission) for SNS and the topic.
    """

    def deliver_if_permitted(endpoint: str, envelope: str, topic: str, *rest: object) -> object:
        return deliver(endpoint, envelope, topic, *rest) if _may_invoke(endpoint, "sns.amazonaws.com", topic) else None

    return deliver_if_permitted


def invoke_permitted_functions(invoke: Callable[..., None]) -> Callable[..., None]:
    """Return the replacement of the function that invokes the target of a rule.

    Where the target is a function, its policy has to allow the call (AddPermission) for EventBridge and the rule.
    """

    def invoke_if_permitted(target: Target, event: object, rule: Rule, view: object = None) -> None:
        arn = target.get("Arn", "")
        if arn.split(":")[2:3] != ["lambda"] or _may_invoke(arn, "events.amazonaws.com", rule["Arn"]):
            invoke(target, event, rule, view)
        else:
            log.warning("rule %s did not call %s: no permission of the function lets it", rule.get("Name"), arn)

    return invoke_if_permitted


def _may_invoke(function: str, service: str, source: str) -> bool:
    """Whether the function's policy allows a service to call it for a topic or rule; function and source: ARNs."""
    region, account = function.split(":")[3:5]
    with request_scope(account, region):
        policy = functions.function_policy(function)
    keys = {"aws:sourcearn": source, "aws:sourceaccount": source.split(":")[4]}
    return service_principals.service_allowed(
        policy, service, "lambda:InvokeFunction", function, account=account, keys=keys
    )


def _poll_denial(function: str, source: str) -> str:
    """Return why the function's role may not receive from the queue; empty where it may, or without a queue."""
    configuration = functions.function_config(function)
    if not source.startswith("arn:aws:sqs:") or configuration is None:
        return ""
    principal = roles.session_principal(configuration["Role"], function)
    request = Request(principal, "sqs:ReceiveMessage", source, get_region())
    for action in _POLL_ACTIONS:
        if denial := enforcement.find_denial(request.for_action(action, source)):
            call = action.partition(":")[2]
            message = denial.message(principal.arn)
            return f"The function execution role does not have permissions to call {call} on SQS: {message}"
    if denial := kms_usage.queue_key_denial(request):
        message = denial.message(principal.arn)
        return f"The function execution role does not have permissions to use the queue's key: {message}"
    return ""
