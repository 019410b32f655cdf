"""Faults of MiniStack's aliases and metrics of functions, and their corrections."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from ministack.services import cloudwatch, lambda_svc

from rehearsal.emulator.ministack.corrections import traffic
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.functions.conftest import ACCOUNT, REGION


def stored(**alias: Any) -> dict[str, Any]:
    """Store a function with two versions and an alias in this process's MiniStack, and return its record."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:stored"
    config = {"FunctionName": "stored", "FunctionArn": arn, "Role": "role", "Version": "$LATEST"}
    versions = {number: {"config": {**config, "FunctionArn": f"{arn}:{number}", "Version": number}} for number in "12"}
    aliases = {"live": {"AliasArn": f"{arn}:live", "Name": "live", "RevisionId": "1", "FunctionVersion": "1", **alias}}
    record = {"config": config, "versions": versions, "aliases": aliases}
    lambda_svc._functions["stored"] = record
    return record


@pytest.mark.usefixtures("as_it_comes")
def test_weights_are_only_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: an additional version with the weight 1.0 gets no call. Corrected, it gets every call."""
    stored(RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}})
    executed: list[str] = []

    def dispatch(_function: Any, config: dict[str, Any], *_rest: Any) -> dict[str, Any]:
        executed.append(config["Version"])
        return {"body": None}

    monkeypatch.setattr(lambda_svc, "_execute_function_dispatch", dispatch)

    def invoke() -> None:
        status, headers, _ = asyncio.run(lambda_svc._invoke("stored", {}, {}, "live"))
        assert status == 200
        record, config, _ = lambda_svc._get_func_record_for_ref("stored:live")
        lambda_svc._execute_function(lambda_svc._execution_record_for_config(record, config), {})
        executed.append(headers["X-Amz-Executed-Version"])

    invoke()
    assert executed == ["1", "1", "1"]
    executed.clear()
    correct(traffic.ALIAS_ROUTING)
    invoke()
    assert executed == ["2", "2", "2"]


@pytest.mark.usefixtures("as_it_comes")
def test_metrics_have_one_dimension() -> None:
    """The fault: an invocation's metric has only the function's name. Corrected, MiniStack itself records none."""
    lambda_svc._emit_lambda_metrics("counted", 1.0, error=False, throttle=False)
    names = [dict(point["Dimensions"]) for points in cloudwatch._metrics.values() for point in points]
    assert names == [{"FunctionName": "counted"}] * len(names)
    assert names
    correct(traffic.INVOCATION_METRICS)
    lambda_svc._emit_lambda_metrics("counted", 1.0, error=False, throttle=False)
    assert sum(len(points) for points in cloudwatch._metrics.values()) == len(names)


@pytest.mark.usefixtures("as_it_comes")
def test_an_alias_takes_any_version() -> None:
    """The fault: an alias may point to a version that does not exist. Corrected, it is rejected."""
    stored()
    assert lambda_svc._create_alias("stored", {"Name": "other", "FunctionVersion": "7"})[0] == 201
    correct(traffic.ALIAS_RULES)
    assert lambda_svc._create_alias("stored", {"Name": "third", "FunctionVersion": "7"})[0] == 404
    assert lambda_svc._update_alias("stored", "live", {"FunctionVersion": "7"})[0] == 404
    assert lambda_svc._update_alias("stored", "live", {"FunctionVersion": "2"})[0] == 200
