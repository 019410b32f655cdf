"""Faults of MiniStack about events: it takes messages and calls functions without asking who may.

The tests of the same names show each fault without its correction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.core.responses import get_region, request_scope
from ministack.services import lambda_svc, sns
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.iam import checks, keys, roles
from rehearsal.emulator.iam.checks import Request

_RECEIVES = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def apply() -> None:
    a_queues_messages_are_received_with_the_functions_role()
    a_topic_calls_only_functions_that_let_it()


def a_queues_messages_are_received_with_the_functions_role() -> None:
    """Lambda takes a queue's messages with the role of the function: without its permission no mapping is made."""
    mappings = lambda_svc._iter_all_esms
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    create = handlers["create"]

    def permitted() -> Iterator[tuple[str, str, dict[str, Any]]]:
        for account, region, mapping in mappings():
            with request_scope(account, region):
                refused = _refused(mapping.get("FunctionName", ""), mapping.get("EventSourceArn", ""))
            if refused:
                mapping["LastProcessingResult"] = f"PROBLEM: {refused}"
            else:
                yield account, region, mapping

    def creates(logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        _, function, _, _ = provisioners._lambda_function_for_cfn_ref(properties.get("FunctionName", ""))
        refused = _refused(function, properties.get("EventSourceArn", ""))
        if refused:
            raise PermissionError(refused)
        return create(logical_id, properties, stack)

    lambda_svc._iter_all_esms = permitted
    handlers["create"] = creates


def a_topic_calls_only_functions_that_let_it() -> None:
    """SNS calls a function only where a permission (AddPermission) of the function names SNS and the topic."""
    deliver = sns._deliver_to_lambda

    def delivered(endpoint: str, envelope: str, topic: str, *rest: Any) -> Any:
        account = endpoint.split(":")[4]
        context = EvalContext(
            principal_arn="sns.amazonaws.com",
            principal_type="Service",
            principal_account=account,
            action="lambda:InvokeFunction",
            resource_arn=endpoint,
            region=endpoint.split(":")[3],
            service_context={"aws:sourcearn": topic, "aws:sourceaccount": topic.split(":")[4]},
        )
        with request_scope(account, endpoint.split(":")[3]):
            policy, _ = lambda_svc.function_policy_for_arn(endpoint) or (None, None)
        answer = evaluator.evaluate_resource_policy(policy, context, service="sns.amazonaws.com")
        return deliver(endpoint, envelope, topic, *rest) if answer.decision == "Allow" else None

    sns._deliver_to_lambda = delivered


def _refused(function: str, source: str) -> str:
    """Why the function's role may not take messages from the queue; empty where it may, or where it is no queue."""
    found, configuration = lambda_svc._get_func_record_for_qualifier(function, None)
    if not source.startswith("arn:aws:sqs:") or found is None:
        return ""
    who = roles.session(configuration["Role"], function)
    request = Request(who, "sqs:ReceiveMessage", source, get_region())
    for action in _RECEIVES:
        if checks.denied(request, action, source):
            call = action.partition(":")[2]
            return (
                f"The function execution role does not have permissions to call {call} on SQS: {checks.told(who.arn)}"
            )
    if keys.queue_refuses(request):
        return f"The function execution role does not have permissions to use the queue's key: {checks.told(who.arn)}"
    return ""
