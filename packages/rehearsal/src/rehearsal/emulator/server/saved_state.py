"""The state that MiniStack saves when it ends, service by service."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.emulator.ministack.port import application

Save = Callable[[str, dict[str, object]], None]

# The services whose state could not be saved.
UNSAVED: list[str] = []


def report_unsaved(save: Save) -> Save:
    """Return the replacement of the function that saves a service's state; it adds failed services to UNSAVED."""

    def save_and_check(service: str, state: dict[str, object]) -> None:
        path = application.state_file(service)
        path.unlink(missing_ok=True)
        save(service, state)
        if not path.exists():
            UNSAVED.append(service)

    return save_and_check
