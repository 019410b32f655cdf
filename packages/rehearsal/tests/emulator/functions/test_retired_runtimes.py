"""Functions with retired runtimes: MiniStack creates them, Lambda rejects them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

import pytest
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.functions.limits import LimitExceeded
from rehearsal.emulator.functions.retired_runtimes import RetiredRuntimes
from rehearsal.emulator.ministack.corrections import services
from rehearsal.emulator.ministack.patches import correct
from rehearsal.workspace.acceptances import Accepted
from tests.actions.conftest import zipped
from tests.emulator.functions.test_limits import FUNCTION

CODE = base64.b64encode(zipped({"main.py": ""})).decode()
REFUSED = "The runtime parameter of nodejs14.x is no longer supported for creating or updating AWS Lambda functions."
OLD = {**FUNCTION, "FunctionName": "old", "Runtime": "nodejs14.x", "Code": {"ZipFile": CODE}}


def create(function: Mapping[str, object]) -> int:
    status: int = lambda_svc._create_function(dict(function))[0]
    return status


def test_a_new_function_of_a_retired_runtime_is_refused(as_it_comes: None) -> None:
    """The fault: it is created. Corrected, it is rejected with the date; a deprecated runtime is still accepted."""
    assert create(OLD) == 201
    lambda_svc._functions.pop("old")
    correct(services.RETIRED_RUNTIMES, owners=[RetiredRuntimes(Accepted)])
    status, _, body = lambda_svc._create_function(dict(OLD))
    message = json.loads(body)["message"]
    assert (status, REFUSED in message, "none since 2024-01-09" in message) == (400, True, True)
    with pytest.raises(LimitExceeded, match=r"--accept nodejs14\.x"):
        provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]["create"]("Function", dict(OLD), "stack")
    assert create({**OLD, "FunctionName": "new", "Runtime": "nodejs20.x"}) == 201


def test_an_accepted_runtime_can_be_used(as_it_comes: None) -> None:
    """An accepted runtime can be used, for an account whose function already exists."""
    correct(services.RETIRED_RUNTIMES, owners=[RetiredRuntimes(lambda: Accepted(frozenset({"nodejs14.x"})))])
    assert create(OLD) == 201
