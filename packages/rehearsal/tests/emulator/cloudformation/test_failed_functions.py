"""Custom resources whose function fails."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from ministack.core.responses import request_scope
from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource

from tests.conftest import ACCOUNT, REGION, Embedded

CODE = "def handler(event, _):\n    print('before it fails')\n    raise ValueError('no way')\n"


def test_ministack_waits_for_a_function_that_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: MiniStack drops the function's error, and the stack waits for a response until ServiceTimeout."""
    failed = {"error": True, "body": {"errorType": "ValueError", "errorMessage": "no way"}}
    monkeypatch.setattr(lambda_svc, "_get_func_record_for_ref", lambda _: ({}, {}, "function"))
    monkeypatch.setattr(lambda_svc, "_execution_record_for_config", lambda *_: {})
    monkeypatch.setattr(lambda_svc, "_execute_function_with_config_scope", lambda *_: failed)
    with request_scope(ACCOUNT, REGION), pytest.raises(TimeoutError):
        custom_resource.invoke_custom_resource(
            "Create", "Own", {"ServiceToken": "function", "ServiceTimeout": "1"}, "stack", "id", "Custom::Own"
        )


def test_a_custom_resource_whose_function_fails_ends_its_stack(embedded: Embedded) -> None:
    """The stack rolls back within a minute; the event has the error, the log's end and the `--accept` option."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
    function = {
        "Code": {"ZipFile": CODE},
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Runtime": "python3.13",
    }
    resources: dict[str, Any] = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
        "Own": {"Type": "Custom::Own", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}}},
    }
    began = time.monotonic()
    stack = embedded.stack("failing", resources)
    assert time.monotonic() - began < 60
    assert stack["StackStatus"].startswith("ROLLBACK")
    events = embedded.client("cloudformation").describe_stack_events(StackName="failing")["StackEvents"]
    reasons = json.dumps([event.get("ResourceStatusReason", "") for event in events])
    for words in ("ValueError: no way", "before it fails", "`run --accept Custom::Own`"):
        assert words in reasons
