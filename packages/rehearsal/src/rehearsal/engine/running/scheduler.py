"""The engine's one thread, which handles the messages of a queue one after the other.

A message is a callable without arguments. Only this thread changes pipelines and executions, so no lock is held while a
message is handled, and senders never wait for each other.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.running.workers import Work, Workers

log = logging.getLogger(__name__)

Message = Callable[[], object]


class Scheduler(Protocol):
    """Runs messages, timers and workers. A scheduler of the tests chooses their order from a seed."""

    def run_after_each_message(self, hook: Message) -> None:
        """Call `hook` in the engine's thread after every message, before a command returns to its sender."""

    def post(self, message: Message) -> None:
        """Put a message into the queue, from any thread."""

    def call[Result](self, command: Callable[[], Result]) -> Result:
        """Send a command and wait; return its result, or raise its error, after its effects are published.

        Raises RequestRejected after `close`.
        """

    def call_later(self, seconds: float, message: Message) -> Message:
        """Post `message` after so many seconds; the returned callable cancels it. Engine's thread only."""

    def spawn(self, work: Work) -> None:
        """Run `work` in a worker thread, after the changes of the current message are published."""

    def wait_for(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until `condition` is true after a message. False after `timeout` seconds."""

    def close(self) -> None:
        """Wait for all workers, then end the engine's thread."""


class ThreadScheduler:
    """Threads: one that handles messages, and one for each running action."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._timers: dict[int, tuple[float, Message]] = {}
        self._numbers = itertools.count()
        self._workers = Workers()
        self._spawned: list[Work] = []
        self._handled = threading.Condition()
        self._hook: Message = lambda: None
        self._closing = threading.Lock()
        self._is_closed = self._ended = False
        self._thread = threading.Thread(target=self._handle_messages, name="engine", daemon=True)
        self._thread.start()

    def run_after_each_message(self, hook: Message) -> None:
        self._hook = hook

    def post(self, message: Message) -> None:
        self._queue.put(message)

    def call[Result](self, command: Callable[[], Result]) -> Result:
        if threading.current_thread() is self._thread:
            raise RuntimeError("the engine's thread cannot wait for itself")
        answer = Future[Result]()
        with self._closing:
            if self._is_closed:
                raise RequestRejected("ConflictException", "the embedded AWS has ended")
            self.post(lambda: self._answer(command, answer))
        return answer.result()

    def call_later(self, seconds: float, message: Message) -> Message:
        number = next(self._numbers)
        self._timers[number] = (time.monotonic() + seconds, message)
        return lambda: self._timers.pop(number, None)

    def spawn(self, work: Work) -> None:
        self._spawned.append(work)

    def wait_for(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        with self._handled:
            return self._handled.wait_for(condition, timeout)

    def close(self) -> None:
        self._workers.join()
        with self._closing:  # `_end` is the last message, so every command sent before is answered
            self._is_closed = True
            self.post(self._end)
        self._thread.join()

    def _end(self) -> None:
        self._ended = True

    def _answer[Result](self, command: Callable[[], Result], answer: Future[Result]) -> None:
        try:
            result = command()
        except Exception as error:  # noqa: BLE001 - `call` raises it in the sender's thread
            self._publish()
            answer.set_exception(error)
        else:
            self._publish()
            answer.set_result(result)

    def _handle_messages(self) -> None:
        while not self._ended:
            _run(self._next_message())
            _run(self._publish)

    def _publish(self) -> None:
        self._hook()
        spawned, self._spawned = self._spawned, []
        for work in spawned:
            self._workers.spawn(work)
        with self._handled:
            self._handled.notify_all()

    def _next_message(self) -> Message:
        """Wait for the next message or the next timer that expires."""
        if not self._timers:
            return self._queue.get()
        number, (deadline, message) = min(self._timers.items(), key=lambda timer: timer[1][0])
        seconds = deadline - time.monotonic()
        if seconds > 0:
            try:
                return self._queue.get(timeout=min(seconds, threading.TIMEOUT_MAX))
            except queue.Empty:
                pass
        self._timers.pop(number, None)
        return message


def _run(message: Message) -> None:
    """Run a message; log its error, so that the thread continues."""
    try:
        message()
    except Exception:
        log.exception("a message to the engine")
