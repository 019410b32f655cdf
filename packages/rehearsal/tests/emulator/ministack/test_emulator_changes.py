"""Notifications of ended stack operations and of changed alarm states."""

from __future__ import annotations

import asyncio
import threading

import pytest
from ministack.services import cloudwatch
from ministack.services.cloudformation import stacks

from rehearsal.emulator.ministack.emulator_changes import EmulatorChanges
from rehearsal.host.cancellation import Cancellation

ABOUT = ("errors", "OK", "ALARM", "too many")


async def _operation() -> None:
    """A fake deployment."""


def _start() -> None:
    async def start() -> None:
        stacks._create_stack_task_in_region(_operation(), {"_region": "eu-west-1"})
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(start())


def test_ministack_sends_no_notification_of_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: MiniStack sends no notification. Corrected, a waiting thread checks again after each change."""
    changes, stop = EmulatorChanges(), Cancellation()
    looks = threading.Semaphore(0)

    def wait() -> None:
        for _ in changes.moments(stop):
            looks.release()

    thread = threading.Thread(target=wait)
    thread.start()
    assert looks.acquire(timeout=20)
    _start()
    cloudwatch._record_history(*ABOUT)
    assert not looks.acquire(timeout=0.1)
    started = changes.after_stack_operation(stacks._create_stack_task_in_region)
    monkeypatch.setattr(stacks, "_create_stack_task_in_region", started)
    _start()
    assert looks.acquire(timeout=20)
    changes.after_alarm_state(cloudwatch._record_history)(*ABOUT)
    assert looks.acquire(timeout=20)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
