"""MiniStack's ASGI application, its switches and its saved state. It reads its settings when it is imported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypedDict

from ministack import app
from ministack.core import persistence


# Source: ASGI specification, "HTTP & WebSocket ASGI Message Format"; only the members that are read here.
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
    answer: Application = app.app
    return answer


def enforces_iam() -> bool:
    """Return whether policies are evaluated in this process."""
    return bool(app.AUTH)


def state_file(service: str) -> Path:
    """Return the file that holds the saved state of a service."""
    return Path(persistence.STATE_DIR) / f"{service}.json"
