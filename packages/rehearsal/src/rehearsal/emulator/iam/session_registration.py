"""Registration of role sessions by concurrent actions and functions, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

Register = Callable[[str, Mapping[str, object]], None]


def register_one_at_a_time(register: Register) -> Register:
    """Return the replacement of the function that registers a session; it holds a lock."""
    lock = threading.Lock()

    def register_locked(access_key: str, session: Mapping[str, object]) -> None:
        with lock:
            register(access_key, session)

    return register_locked
