"""Errors of the AWS services that actions call, with CodePipeline's code for them."""

from __future__ import annotations

from botocore.exceptions import ClientError

from rehearsal.engine.action_api import ActionError

_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")  # 403: of HeadObject


def action_error(message: str, error: ClientError) -> ActionError:
    """Return the error of an action whose call has failed: PermissionError for a denial, else ConfigurationError."""
    is_denied = error.response["Error"]["Code"] in _DENIED
    return ActionError(message, "PermissionError" if is_denied else "ConfigurationError")
