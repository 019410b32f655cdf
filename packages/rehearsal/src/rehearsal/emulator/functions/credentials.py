"""A function's execution role: a session for each execution environment, and the check that it trusts Lambda.

Sources: AWS Lambda developer guide, "Defining Lambda function permissions with an execution role"; API reference,
CreateFunction.
"""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.emulator.cloudformation.resource_handlers import Create
from rehearsal.emulator.iam.service_sessions import Sessions
from rehearsal.emulator.ministack.port.cloudformation import ProvisionedResource
from rehearsal.emulator.ministack.port.function_records import FunctionConfig, FunctionSettings
from rehearsal.emulator.ministack.port.requests import Answer, error_response_json
from rehearsal.engine.action_api import ActionError
from rehearsal.errors import RehearsalError

Credentials = Callable[[FunctionConfig], dict[str, str]]

LAMBDA = "lambda.amazonaws.com"


class RoleNotAssumable(RehearsalError):
    """Lambda cannot assume the role; the message is AWS's, with the reason."""

    def __init__(self, reason: object) -> None:
        super().__init__(f"The role defined for the function cannot be assumed by Lambda: {reason}")


def issue_session_credentials(_credentials: Credentials) -> Credentials:
    """Return the replacement of the function that returns the credentials of an execution environment.

    Each environment gets a session of the function's role. It raises RoleNotAssumable.
    """

    def session_credentials(config: FunctionConfig) -> dict[str, str]:
        try:
            session = Sessions().assume(config["Role"], LAMBDA, config["FunctionName"])
        except ActionError as error:
            raise RoleNotAssumable(error) from error
        return {
            "AWS_ACCESS_KEY_ID": session.access_key,
            "AWS_SECRET_ACCESS_KEY": session.secret_key,
            "AWS_SESSION_TOKEN": session.token or "",
        }

    return session_credentials


def create_with_trust(create: Callable[[FunctionSettings], Answer]) -> Callable[[FunctionSettings], Answer]:
    """Return the replacement of CreateFunction; it refuses a role that does not trust Lambda."""

    def create_checked(data: FunctionSettings) -> Answer:
        return _role_error(data) or create(data)

    return create_checked


def update_with_trust(update: Callable[[str, FunctionSettings], Answer]) -> Callable[[str, FunctionSettings], Answer]:
    """Return the replacement of UpdateFunctionConfiguration; it refuses a role that does not trust Lambda."""

    def update_checked(name: str, data: FunctionSettings) -> Answer:
        return _role_error(data) or update(name, data)

    return update_checked


def provision_with_trust(provision: Create[FunctionSettings]) -> Create[FunctionSettings]:
    """Return the replacement of CloudFormation's create handler of functions. It raises RoleNotAssumable."""

    def provision_checked(logical_id: str, properties: FunctionSettings, stack: str) -> ProvisionedResource:
        _require_assumable_role(properties)
        return provision(logical_id, properties, stack)

    return provision_checked


def _role_error(data: FunctionSettings) -> Answer | None:
    """The error response, in MiniStack's form; None where Lambda can assume the role."""
    try:
        _require_assumable_role(data)
    except RoleNotAssumable as error:
        return error_response_json("InvalidParameterValueException", str(error), 400)
    return None


def _require_assumable_role(data: FunctionSettings) -> None:
    """Raise RoleNotAssumable for a role that Lambda cannot assume; MiniStack itself reports an invalid ARN."""
    role = data.get("Role")
    if isinstance(role, str) and role.count(":") == 5:
        try:
            Sessions().check(role, LAMBDA)
        except ActionError as error:
            raise RoleNotAssumable(error) from error
