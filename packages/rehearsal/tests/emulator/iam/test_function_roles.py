"""The trust policy of a function's role: MiniStack accepts any role without the correction."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack import app
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.functions.credentials import RoleNotAssumable
from rehearsal.emulator.ministack.corrections import permissions
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.iam.principals import make_role, trusting

pytestmark = pytest.mark.usefixtures("as_it_comes")

FUNCTION = {"Handler": "index.handler", "Runtime": "python3.13", "FunctionName": "of-a-build"}


def create(role: str) -> int:
    """Return the status of CreateFunction."""
    archive = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="  # an empty one
    status, _, _ = lambda_svc._create_function({**FUNCTION, "Role": role, "Code": {"ZipFile": archive}})
    return int(status)


def provision(role: str) -> Any:
    """Return the name of a function that CloudFormation creates."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    properties = {**FUNCTION, "FunctionName": "of-a-stack", "Role": role, "Code": {"ZipFile": "handler = print"}}
    return handlers["create"]("Function", properties, "stack")[0]


def update(role: str) -> str:
    """Return the response of UpdateFunctionConfiguration."""
    _, _, body = lambda_svc._update_config(FUNCTION["FunctionName"], {"Role": role})
    return json.dumps(json.loads(body))


def test_a_function_gets_only_a_role_that_trusts_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: CreateFunction, UpdateFunctionConfiguration and CloudFormation accept a role of another service."""
    monkeypatch.setattr(app, "AUTH", True)
    role = make_role("build", trust=trusting(Service="codebuild.amazonaws.com"))
    assert create(role) == 201
    assert "cannot be assumed by Lambda" not in update(role)
    assert provision(role) == "of-a-stack"
    correct(permissions.FUNCTION_ROLES)
    assert create(role) == 400
    assert "cannot be assumed by Lambda" in update(role)
    with pytest.raises(RoleNotAssumable):
        provision(role)
