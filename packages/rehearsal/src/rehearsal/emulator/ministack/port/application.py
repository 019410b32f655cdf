"""MiniStack's ASGI application, its switches and its saved state. It reads its settings when it is imported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
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
