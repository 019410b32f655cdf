"""Publishes CodePipeline's events on EventBridge's default bus, so that deployed rules match them."""

from __future__ import annotations

import json
import logging
import queue
import threading

from rehearsal.emulator.eventbridge.event_shapes import entry
from rehearsal.emulator.ministack.port import eventbridge
from rehearsal.emulator.ministack.port.requests import request_scope
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import Execution

log = logging.getLogger(__name__)


class EventPublisher:
    """A listener of the engine. A thread delivers the events in order, so that a slow target delays no execution."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[str, str, dict[str, object]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._deliver, name="events", daemon=True)
        self._thread.start()

    def __call__(self, execution: Execution, event: Event) -> None:
        """Queue the EventBridge event of a journal event, if there is one."""
        fields = entry(execution, event)
        if fields is not None:
            put = {
                "Source": fields["source"],
                "DetailType": fields["detail-type"],
                "Detail": json.dumps(fields["detail"]),
                "Resources": fields["resources"],
            }
            self._waiting.put((execution.key.account, execution.key.region, put))

    def close(self) -> None:
        """Deliver the remaining events, for at most 5 seconds."""
        self._waiting.put(None)
        self._thread.join(5)

    def _deliver(self) -> None:
        while (queued := self._waiting.get()) is not None:
            account, region, put = queued
            with request_scope(account, region):
                _put(put)


def _put(put: dict[str, object]) -> None:
    """Put an event without the API, which rejects events of AWS's sources.

    MiniStack iterates over copies of its stores, so another thread may change rules concurrently. A failure is not
    retried: targets that were reached before it would be called twice.
    """
    try:
        eventbridge.put_aws_event(put)
    except Exception:
        log.exception("event %s", put["DetailType"])
