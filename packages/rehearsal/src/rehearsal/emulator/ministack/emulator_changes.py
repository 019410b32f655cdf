"""Notifications of changes in MiniStack: the end of an operation on a stack, and a new state of an alarm."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from rehearsal.host.changes import Changes

Operation = Coroutine[object, object, None]


class EmulatorChanges(Changes):
    """Changes that the replacements of MiniStack's functions report.

    operation_ended: is called when an operation on a stack has ended, before any caller can see its end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.operation_ended: Callable[[], object] = lambda: None

    def after_stack_operation(self, start: Callable[..., None]) -> Callable[..., None]:
        """Return the replacement of the function that starts an operation on a stack as a task."""

        async def run(operation: Operation) -> None:
            try:
                await operation
            finally:
                try:
                    self.operation_ended()
                finally:
                    self.notify()

        def start_operation(operation: Operation, *about: object, **named: object) -> None:
            start(run(operation), *about, **named)

        return start_operation

    def after_alarm_state(self, record: Callable[..., None]) -> Callable[..., None]:
        """Return the replacement of the function that records the new state of an alarm."""

        def record_state(*about: object, **named: object) -> None:
            record(*about, **named)
            self.notify()

        return record_state
