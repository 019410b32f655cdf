"""Faults of MiniStack: a function's keys are made of its name and its role's, and no role has to trust Lambda.

Sources: AWS Lambda developer guide, "Defining Lambda function permissions with an execution role"; API reference,
CreateFunction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.responses import error_response_json
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.iam.service_sessions import Sessions
from rehearsal.engine.action_api import ActionError
from rehearsal.errors import RehearsalError

LAMBDA = "lambda.amazonaws.com"


class RoleNotAssumable(RehearsalError):
    """As AWS words it, and why."""

    def __init__(self, why: object) -> None:
        super().__init__(f"The role defined for the function cannot be assumed by Lambda: {why}")


def issue_session_credentials() -> None:
    """Each execution environment gets a session of the function's role, as long as the role trusts Lambda."""

    def credentials(config: Mapping[str, Any]) -> dict[str, str]:
        try:
            given = Sessions().assume(config["Role"], LAMBDA, config["FunctionName"])
        except ActionError as error:
            raise RoleNotAssumable(error) from error
        return {
            "AWS_ACCESS_KEY_ID": given.access_key,
            "AWS_SECRET_ACCESS_KEY": given.secret_key,
            "AWS_SESSION_TOKEN": given.token or "",
        }

    lambda_runtime.execution_credentials = lambda_svc.execution_credentials = credentials


def require_lambda_trust() -> None:
    """A function is refused another one, whether the API or CloudFormation makes or changes it."""
    create, update = lambda_svc._create_function, lambda_svc._update_config
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    provision = handlers["create"]

    def creates(data: Mapping[str, Any]) -> Any:
        return _role_error(data) or create(data)

    def updates(name: str, data: Mapping[str, Any]) -> Any:
        return _role_error(data) or update(name, data)

    def provisions(logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        _require_assumable_role(properties)
        return provision(logical_id, properties, stack)

    lambda_svc._create_function, lambda_svc._update_config = creates, updates
    handlers["create"] = provisions


def _role_error(data: Mapping[str, Any]) -> Any:
    """The answer, in MiniStack's form; None where there is nothing against the role."""
    try:
        _require_assumable_role(data)
    except RoleNotAssumable as error:
        return error_response_json("InvalidParameterValueException", str(error), 400)
    return None


def _require_assumable_role(data: Mapping[str, Any]) -> None:
    """Raise RoleNotAssumable for a role that Lambda cannot assume; one that is no role's ARN is told by MiniStack."""
    role = data.get("Role")
    if isinstance(role, str) and role.count(":") == 5:
        try:
            Sessions().check(role, LAMBDA)
        except ActionError as error:
            raise RoleNotAssumable(error) from error
