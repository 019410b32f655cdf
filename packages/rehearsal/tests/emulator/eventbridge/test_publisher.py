"""The listener that puts events on MiniStack's bus."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest

from rehearsal.emulator.eventbridge.publisher import publish
from rehearsal.emulator.ministack.port import eventbridge
from tests.engine.conftest import Stage, action, declaration


def test_an_event_is_put_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event is put once, although a target raises RuntimeError, and the execution succeeds."""
    put: list[tuple[object, object]] = []

    def breaks(entry: Mapping[str, object]) -> None:
        put.append((entry["DetailType"], entry["Detail"]))
        raise RuntimeError("a target broke")

    monkeypatch.setattr(eventbridge, "put_aws_event", breaks)
    stage.listener = publish
    assert stage.run(declaration([action("a")])).status == "Succeeded"
    assert len(put) == len({*put}) == 6, "two of the pipeline, its stage and its action"


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
