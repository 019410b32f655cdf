"""Puts CodePipeline's events on the default bus of MiniStack's EventBridge, so that deployed rules fire."""

from __future__ import annotations

import json
import logging
import queue
import threading

from rehearsal.emulator.eventbridge.event_shapes import entry
from rehearsal.emulator.ministack.port import eventbridge
from rehearsal.emulator.ministack.port.requests import request_scope
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.journal import Event

log = logging.getLogger(__name__)


class EventPublisher:
    """A separate thread delivers in order, so that a slow target of a rule delays no execution."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[str, str, dict[str, object]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._deliver, name="events", daemon=True)
        self._thread.start()

    def __call__(self, execution: Execution, event: Event) -> None:
        """As the engine's listener."""
        found = entry(execution, event)
        if found is not None:
            put = {
                "Source": found["source"],
                "DetailType": found["detail-type"],
                "Detail": json.dumps(found["detail"]),
                "Resources": found["resources"],
            }
            self._waiting.put((execution.key.account, execution.key.region, put))

    def close(self) -> None:
        """Deliver what waits."""
        self._waiting.put(None)
        self._thread.join(5)

    def _deliver(self) -> None:
        while (each := self._waiting.get()) is not None:
            account, region, put = each
            with request_scope(account, region):
                _put(put)


def _put(put: dict[str, object]) -> None:
    """Bypass the API, which rejects events of AWS's sources.

    MiniStack walks copies of its stores, so that another thread may change rules at the same time. One attempt: the
    targets that were reached before a failure are not called a second time.
    """
    try:
        eventbridge.put_aws_event(put)
    except Exception:
        log.exception("event %s", put["DetailType"])
