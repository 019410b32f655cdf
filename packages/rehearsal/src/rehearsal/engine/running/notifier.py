"""Delivery of events to the listener in a separate thread: it delays no execution, and may call the API."""

from __future__ import annotations

import logging
import queue
import threading

from rehearsal.engine.running.environment import Listener, ignore_event
from rehearsal.engine.state.events import Event
from rehearsal.engine.state.execution import Execution

log = logging.getLogger(__name__)


class Notifier:
    """Holds back the events of a message until its snapshot is published, then delivers them in order."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._held: list[tuple[Execution, Event]] = []
        self._waiting: queue.SimpleQueue[tuple[Execution, Event] | threading.Event | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, execution: Execution, event: Event) -> None:
        """Keep an event for the next `release`."""
        if self._listener is not ignore_event:
            self._held.append((execution, event))

    def release(self) -> None:
        """Deliver the events added so far; the snapshot with their effects is published."""
        events, self._held = self._held, []
        if events and self._thread is None:
            self._thread = threading.Thread(target=self._deliver, name="engine-events", daemon=True)
            self._thread.start()
        for news in events:
            self._waiting.put(news)

    def flush(self) -> None:
        """Wait until the listener has received every released event; return immediately in the listener's thread."""
        if self._thread and self._thread is not threading.current_thread() and self._thread.is_alive():
            delivered = threading.Event()
            self._waiting.put(delivered)
            delivered.wait()

    def close(self) -> None:
        """Deliver the remaining events, and end the thread."""
        self._waiting.put(None)
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def _deliver(self) -> None:
        while (news := self._waiting.get()) is not None:
            if isinstance(news, threading.Event):
                news.set()
            else:
                self._call_listener(*news)

    def _call_listener(self, execution: Execution, event: Event) -> None:
        try:
            self._listener(execution, event)
        except Exception:
            log.exception("listener of %s", event["type"])
