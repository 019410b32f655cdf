"""Faults of MiniStack about events: it takes messages and calls functions without asking who may.

The tests of the same names show each fault without its correction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core.responses import get_region, request_scope
from ministack.services import eventbridge, lambda_svc, sns
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.iam import enforcement, kms_usage, roles, service_principals
from rehearsal.emulator.iam.enforcement import Request

log = logging.getLogger(__name__)

_POLL_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def apply() -> None:
    enforce_sqs_poll_permissions()
    enforce_sns_invoke_permissions()
    enforce_eventbridge_invoke_permissions()


def enforce_sqs_poll_permissions() -> None:
    """Lambda takes a queue's messages with the role of the function: without its permission no mapping is made."""
    mappings = lambda_svc._iter_all_esms
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    create = handlers["create"]

    def permitted_mappings() -> Iterator[tuple[str, str, dict[str, Any]]]:
        for account, region, mapping in mappings():
            with request_scope(account, region):
                refused = _poll_denial(mapping.get("FunctionName", ""), mapping.get("EventSourceArn", ""))
            if refused:
                mapping["LastProcessingResult"] = f"PROBLEM: {refused}"
            else:
                yield account, region, mapping

    def creates(logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        _, function, _, _ = provisioners._lambda_function_for_cfn_ref(properties.get("FunctionName", ""))
        refused = _poll_denial(function, properties.get("EventSourceArn", ""))
        if refused:
            raise PermissionError(refused)
        return create(logical_id, properties, stack)

    lambda_svc._iter_all_esms = permitted_mappings
    handlers["create"] = creates


def enforce_sns_invoke_permissions() -> None:
    """SNS calls a function only where a permission (AddPermission) of the function names SNS and the topic."""
    deliver = sns._deliver_to_lambda

    def deliver_if_permitted(endpoint: str, envelope: str, topic: str, *rest: Any) -> Any:
        return deliver(endpoint, envelope, topic, *rest) if _may_invoke(endpoint, "sns.amazonaws.com", topic) else None

    sns._deliver_to_lambda = deliver_if_permitted


def enforce_eventbridge_invoke_permissions() -> None:
    """EventBridge calls a function only where a permission (AddPermission) of the function names it and the rule."""
    invoke = eventbridge._invoke_target

    def invoke_if_permitted(target: Mapping[str, Any], event: Any, rule: Mapping[str, Any], view: Any = None) -> None:
        arn = target.get("Arn", "")
        if arn.split(":")[2:3] != ["lambda"] or _may_invoke(arn, "events.amazonaws.com", rule["Arn"]):
            invoke(target, event, rule, view)
        else:
            log.warning("rule %s did not call %s: no permission of the function lets it", rule.get("Name"), arn)

    eventbridge._invoke_target = invoke_if_permitted


def _may_invoke(function: str, service: str, source: str) -> bool:
    """Whether the function's own policy lets a service call it on behalf of a topic or rule. All but service: ARNs."""
    region, account = function.split(":")[3:5]
    with request_scope(account, region):
        policy, _ = lambda_svc.function_policy_for_arn(function) or (None, None)
    asked = (policy, service, "lambda:InvokeFunction", function, account)
    return service_principals.service_allowed(*asked, sourcearn=source, sourceaccount=source.split(":")[4])


def _poll_denial(function: str, source: str) -> str:
    """Why the function's role may not take messages from the queue; empty where it may, or where it is no queue."""
    found, configuration = lambda_svc._get_func_record_for_qualifier(function, None)
    if not source.startswith("arn:aws:sqs:") or found is None:
        return ""
    who = roles.session_principal(configuration["Role"], function)
    request = Request(who, "sqs:ReceiveMessage", source, get_region())
    for action in _POLL_ACTIONS:
        if enforcement.find_denial(request, action, source):
            call = action.partition(":")[2]
            denial = enforcement.denial_message(who.arn)
            return f"The function execution role does not have permissions to call {call} on SQS: {denial}"
    if kms_usage.queue_key_denial(request):
        denial = enforcement.denial_message(who.arn)
        return f"The function execution role does not have permissions to use the queue's key: {denial}"
    return ""
