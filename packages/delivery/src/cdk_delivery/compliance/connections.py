"""Checks that the rule packs lack: permissions to poll queues, and dead-letter queues."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cdk_delivery.compliance.template import Template
from cdk_delivery.json_values import member

Check = Callable[[Template], Iterator[str]]

# Source: AWS Lambda developer guide, "Using Lambda with Amazon SQS", execution role permissions.
POLL_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def check_poll_permissions(template: Template) -> Iterator[str]:
    """Yield a fault for each queue that a function's role may not poll; Lambda polls it with that role."""
    for id_, mapping in template.of_type("AWS::Lambda::EventSourceMapping"):
        queue = template.referenced_id(mapping.get("EventSourceArn"))
        role = _role(template, mapping["FunctionName"])
        if queue is None or role is None or template.resources[queue]["Type"] != "AWS::SQS::Queue":
            continue
        missing = [action for action in POLL_ACTIONS if not template.allows(role, action, queue)]
        if missing:
            yield f"{id_}: the role {role} may not {', '.join(missing)} on {queue}, so nothing is ever received"
        key = template.referenced_id(member(template.resources[queue], "Properties", "KmsMasterKeyId"))
        if key and not template.allows(role, "kms:Decrypt", key):
            yield f"{id_}: the role {role} may not kms:Decrypt with {key}, so nothing of {queue} can be read"


def check_queue_dead_letters(template: Template) -> Iterator[str]:
    """Yield a fault for each queue without a dead-letter queue, where a message that always fails returns for days."""
    dead_letter_queues = _dead_letter_queues(template)
    for id_, queue in template.of_type("AWS::SQS::Queue"):
        if id_ not in dead_letter_queues and "RedrivePolicy" not in queue:
            yield f"{id_}: a queue without a dead-letter queue, and no dead-letter queue itself"


def check_subscription_dead_letters(template: Template) -> Iterator[str]:
    """Yield a fault for each function's subscription without a dead-letter queue: it loses undelivered messages."""
    for id_, subscription in template.of_type("AWS::SNS::Subscription"):
        if subscription.get("Protocol") == "lambda" and "RedrivePolicy" not in subscription:
            yield f"{id_}: a subscription of a function without a dead-letter queue"


CHECKS: tuple[Check, ...] = (check_poll_permissions, check_queue_dead_letters, check_subscription_dead_letters)


def faults(template: Template) -> list[str]:
    """Return the faults of one template, one line each."""
    return [f"{template.name}: {fault}" for check in CHECKS for fault in check(template)]


def _role(template: Template, function: object) -> str | None:
    """Return the logical id of the role of a function, which is referred to directly, by version or by alias."""
    id_ = template.referenced_id(function)
    if id_ is None:
        return None
    properties = template.resources[id_].get("Properties", {})
    if "Role" in properties:
        return template.referenced_id(properties["Role"])
    return _role(template, properties.get("FunctionName"))


def _dead_letter_queues(template: Template) -> set[str | None]:
    everything = [resource.get("Properties", {}) for resource in template.resources.values()]
    redrives = [properties.get("RedrivePolicy", {}) for properties in everything]
    targets = [redrive.get("deadLetterTargetArn") for redrive in redrives if isinstance(redrive, dict)]
    return {template.referenced_id(target) for target in targets if target}
