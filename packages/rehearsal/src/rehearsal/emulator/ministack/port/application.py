"""MiniStack's ASGI application, its settings, which it reads when it is imported, and its saved state."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypedDict

from ministack import app
from ministack.core import persistence


# Source: ASGI specification, "HTTP & WebSocket ASGI Message Format"; only the members that this package uses.
class Scope(TypedDict, total=False):
    """A connection."""

    client: tuple[str, int]
    headers: Sequence[tuple[bytes, bytes]]
    method: str
    path: str
    query_string: bytes
    raw_path: bytes
    scheme: str
    type: str


class Message(TypedDict, total=False):
    """An event of a connection, in either direction."""

    body: bytes
    code: int
    headers: Sequence[tuple[bytes, bytes]]
    more_body: bool
    status: int
    type: str


Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def application() -> Application:
    """Return the ASGI application that answers AWS's APIs."""
    asgi_application: Application = app.app
    return asgi_application


def enforces_iam() -> bool:
    """Whether this process evaluates policies."""
    return bool(app.AUTH)


def state_file(service: str) -> Path:
    """Return the path of the file with a service's saved state."""
    return Path(persistence.STATE_DIR) / f"{service}.json"
