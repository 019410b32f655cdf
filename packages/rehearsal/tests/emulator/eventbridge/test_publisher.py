"""The thread that puts events on MiniStack's bus."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest

from rehearsal.emulator.eventbridge import publisher
from rehearsal.emulator.ministack.port import eventbridge


def test_an_event_is_put_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event is put once, although a target raises RuntimeError."""
    put: list[Mapping[str, object]] = []

    def breaks(entry: Mapping[str, object]) -> None:
        put.append(entry)
        raise RuntimeError("a target broke")

    monkeypatch.setattr(eventbridge, "put_aws_event", breaks)
    publisher._put({"DetailType": "CodePipeline Stage Execution State Change"})
    assert len(put) == 1


def test_ministack_walks_copies_of_its_stores() -> None:
    """MiniStack iterates over copies of its stores, so that another thread may change rules concurrently."""
    store = eventbridge.new_scoped_store()
    ended = threading.Event()

    def changes() -> None:
        number = 0
        while not ended.is_set():
            store[f"rule-{number % 500}"] = {}
            store.pop(f"rule-{(number + 250) % 500}", None)
            number += 1

    writer = threading.Thread(target=changes)
    writer.start()
    try:
        for _ in range(2000):
            assert all(key.startswith("rule-") for key, _ in store.items())
    finally:
        ended.set()
        writer.join()
