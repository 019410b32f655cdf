"""The engine's and the actions' interface to the embedded AWS. It imports no client library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Credentials:
    """The keys of a role session, or of an account's root user, whose access key is the account id."""

    access_key: str
    secret_key: str
    token: str | None = None


class Endpoint(Protocol):
    """The address of the embedded AWS, and clients for it."""

    @property
    def url(self) -> str:
        """The address, with scheme and port."""

    def client(self, service: str, credentials: Credentials, region: str) -> Any:
        """Return a boto3 client of `service`."""

    def build_environ(self, credentials: Credentials, region: str) -> dict[str, str]:
        """Return the environment variables by which the AWS CLI and SDKs use these credentials and this address."""
