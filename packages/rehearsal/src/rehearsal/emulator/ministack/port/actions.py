"""How MiniStack finds the IAM action of a request."""

from __future__ import annotations

from ministack.core import iam_actions

# Services whose protocol names the operation in the path and the method.
PATH_ROUTED_SERVICES = frozenset({"s3", *iam_actions._BOTOCORE_SERVICE_MAP} - {"ses"})


def has_own_protocol(service: str) -> bool:
    """Whether the service has another protocol than JSON with a target header."""
    return service in iam_actions._SERVICE_PROTOCOL
