"""MiniStack's faults in event sources, reproduced without the correction."""

from __future__ import annotations

from typing import Any

import pytest
from ministack.services import eventbridge, lambda_svc, sns
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.ministack.corrections import permissions
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import ACCOUNT, REGION, allow, make_role

pytestmark = pytest.mark.usefixtures("as_it_comes")

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
TOPIC, FUNCTION = f"arn:aws:sns:{REGION}:{ACCOUNT}:news", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:reader"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/failures"
TAKES = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
MAPPING = "AWS::Lambda::EventSourceMapping"


@pytest.fixture(autouse=True)
def _a_function_with_a_queue(as_it_comes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Provide a function whose role has no permissions, and the mapping of its queue, without a poller."""
    role = make_role("reader")
    record = {"config": {"FunctionName": "reader", "FunctionArn": FUNCTION, "Role": role}, "policy": {"Statement": []}}
    mapping = {"FunctionName": "reader", "EventSourceArn": QUEUE}
    found = (record, record["config"])
    monkeypatch.setattr(lambda_svc, "_get_func_record_for_qualifier", lambda *_: found)
    monkeypatch.setattr(lambda_svc, "_iter_all_esms", lambda: iter([(ACCOUNT, REGION, mapping)]))
    monkeypatch.setattr(lambda_svc, "function_policy_for_arn", lambda _: (record["policy"], ACCOUNT))
    monkeypatch.setattr(provisioners, "_lambda_function_for_cfn_ref", lambda _: (record, "reader", FUNCTION, None))
    monkeypatch.setitem(provisioners._RESOURCE_HANDLERS[MAPPING], "create", lambda *_: ("made", {}))


def allow_invocation(monkeypatch: pytest.MonkeyPatch, service: str, source: str) -> None:
    """Give a service permission to invoke the function on behalf of one source."""
    permission = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
        "Condition": {"ArnLike": {"AWS:SourceArn": source}},
    }
    monkeypatch.setattr(lambda_svc, "function_policy_for_arn", lambda _: ({"Statement": [permission]}, ACCOUNT))


def polled() -> list[Any]:
    return list(lambda_svc._iter_all_esms())


def test_a_queues_messages_are_received_with_the_functions_role() -> None:
    """The fault: a function receives messages, and its mapping is created, without the role's permission."""
    properties = {"FunctionName": "reader", "EventSourceArn": QUEUE}
    assert len(polled()) == 1
    correct(permissions.QUEUE_POLLS)
    create = provisioners._RESOURCE_HANDLERS[MAPPING]["create"]
    assert polled() == []
    with pytest.raises(PermissionError, match="does not have permissions to call ReceiveMessage on SQS"):
        create("Mapping", properties, "stack")
    make_role("reader", allow(*TAKES, resource=QUEUE))
    assert len(polled()) == 1
    assert create("Mapping", properties, "stack")[0] == "made"


def test_a_topic_invokes_only_functions_that_allow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: any topic invokes any function. Corrected, the function's policy must allow the topic."""
    called: list[str] = []
    monkeypatch.setattr(sns, "_deliver_to_lambda", lambda endpoint, *_: called.append(endpoint))
    sns._deliver_to_lambda(FUNCTION, "{}", TOPIC)
    assert called == [FUNCTION]
    correct(permissions.TOPIC_INVOCATIONS)
    sns._deliver_to_lambda(FUNCTION, "{}", TOPIC)
    assert called == [FUNCTION]
    allow_invocation(monkeypatch, "sns.amazonaws.com", TOPIC)
    sns._deliver_to_lambda(FUNCTION, "{}", TOPIC)
    sns._deliver_to_lambda(FUNCTION, "{}", f"{TOPIC}-of-others")
    assert called == [FUNCTION, FUNCTION]


def test_a_rule_invokes_only_functions_that_allow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: any rule invokes any function. Corrected, the function's policy must allow the rule."""
    called: list[str] = []
    monkeypatch.setattr(eventbridge, "_invoke_target", lambda target, *_: called.append(target["Arn"]))

    def fire(target: str, rule: str = RULE) -> None:
        eventbridge._invoke_target({"Arn": target}, {}, {"Arn": rule, "Name": "failures"}, None)

    fire(FUNCTION)
    assert called == [FUNCTION]
    correct(permissions.RULE_INVOCATIONS)
    fire(FUNCTION)
    fire(QUEUE)
    assert called == [FUNCTION, QUEUE]
    allow_invocation(monkeypatch, "events.amazonaws.com", RULE)
    fire(FUNCTION)
    fire(FUNCTION, f"{RULE}-of-others")
    assert called == [FUNCTION, QUEUE, FUNCTION]
