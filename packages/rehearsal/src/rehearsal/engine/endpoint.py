"""The embedded AWS as the engine and the actions see it: clients and variables, without a client library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Credentials:
    """Keys of a role's session, or of an account's root (whose access key is the account id)."""

    access_key: str
    secret_key: str
    token: str | None = None


class Endpoint(Protocol):
    """Where the embedded AWS listens."""

    @property
    def url(self) -> str:
        """The address, with scheme and port."""

    def client(self, service: str, credentials: Credentials, region: str) -> Any:
        """Return a boto3 client of `service`."""

    def build_environ(self, credentials: Credentials, region: str) -> dict[str, str]:
        """Return the variables with which AWS's command-line tools and SDKs use these credentials."""
