"""MiniStack's faults that no other folder tests, reproduced without the correction."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import Any
from unittest.mock import Mock

import botocore.session
import pytest
from ministack.core import responses
from ministack.core.responses import request_scope
from ministack.services import eventbridge, lambda_svc, s3, sts

from rehearsal.aws import Endpoint, root
from rehearsal.emulator.ministack.corrections import services
from rehearsal.emulator.ministack.patches import correct
from tests.conftest import Embedded

OWNER, OTHER, REGION, BUCKET = "111111111111", "222222222222", "eu-west-1", "of-the-owner"


def test_foreign_buckets_open_without_iam(embedded: Embedded) -> None:
    """The fault: another account's bucket is closed although IAM is off. Corrected, it is open."""
    with request_scope(OTHER, REGION):
        assert not s3._foreign_bucket_allows(OWNER, BUCKET, "key", "GET", {}, OTHER)
    owner = client(embedded.endpoint, OWNER)
    owner.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    owner.put_object(Bucket=BUCKET, Key="key", Body=b"of the owner")
    assert client(embedded.endpoint, OTHER).get_object(Bucket=BUCKET, Key="key")["Body"].read() == b"of the owner"


def test_one_session_reads_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: a botocore session for each service. Corrected, one session reads all models."""
    make = Mock(side_effect=botocore.session.get_session)
    monkeypatch.setattr(botocore.session, "get_session", make)
    monkeypatch.setattr(responses, "_service_model", responses._service_model)
    responses._service_model.cache_clear()
    names = ("monitoring", "sqs", "no-such-service")
    before = [responses._service_model(name) for name in names]
    assert make.call_count == len(names)
    correct(services.SERVICE_MODELS)
    after = [responses._service_model(name) for name in names]
    assert make.call_count == len(names)
    assert [model and model.metadata for model in after] == [model and model.metadata for model in before]
    assert after[-1] is None


def test_sessions_are_registered_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: a thread adds a session while another one iterates over them. Corrected, it waits."""
    inside, most = 0, 0

    def slowly() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.05)
        inside -= 1

    def registered() -> int:
        nonlocal most
        most = 0
        threads = [threading.Thread(target=lambda: sts.register_session("key", {})) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return most

    monkeypatch.setattr(sts, "_evict_expired_sessions", slowly)
    monkeypatch.setattr(sts, "_sessions", {})
    monkeypatch.setattr(sts, "register_session", sts.register_session)
    assert registered() > 1
    correct(services.SESSION_REGISTRATION)
    assert registered() == 1


def test_a_rules_event_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: a function that fails on a rule's event is called once. Corrected, three times, as on AWS."""
    calls = queue.Queue[str]()
    configuration = {"FunctionName": "reader", "FunctionArn": f"arn:aws:lambda:{REGION}:{OWNER}:function:reader"}

    def fails(*_: object) -> dict[str, object]:
        calls.put("called")
        return {"error": True}

    def called() -> int:
        eventbridge._dispatch_to_lambda(configuration["FunctionArn"], "{}")
        number = 0
        with contextlib.suppress(queue.Empty):
            while calls.get(timeout=1):
                number += 1
        return number

    monkeypatch.setattr(lambda_svc, "_get_func_record_for_ref", lambda _: (configuration, configuration, "reader"))
    for name in ("_execute_function", "_execute_function_with_config_scope"):
        monkeypatch.setattr(lambda_svc, name, fails)
    monkeypatch.setattr(lambda_svc, "_LAMBDA_ASYNC_RETRY_BASE_SECONDS", 0.01)
    monkeypatch.setattr(eventbridge, "_dispatch_to_lambda", eventbridge._dispatch_to_lambda)
    assert called() == 1
    correct(services.RULE_RETRIES)
    assert called() == 3


def client(endpoint: Endpoint, account: str) -> Any:
    return endpoint.client("s3", root(account), REGION)
