"""The engine's one thread: it takes a message from its queue, does what the message says, and takes the next one.

A message is a call without arguments. Senders never wait for each other, and no lock is held while a
message is handled, because only this thread changes pipelines and executions.
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
    """Orders messages, timers and workers. Tests have one that replays a seed."""

    def run_after_each_message(self, hook: Message) -> None:
        """Call `hook` in the engine's thread after every message, before the sender of a command has its answer."""

    def post(self, message: Message) -> None:
        """Put a message into the queue, from any thread."""

    def call[Result](self, command: Callable[[], Result]) -> Result:
        """Send a command, and return or raise its result once its effects are published.

        Raises RequestRejected after `close`.
        """

    def call_later(self, seconds: float, message: Message) -> Message:
        """Post `message` after so many seconds, unless the returned call is made before. Engine's thread only."""

    def spawn(self, work: Work) -> None:
        """Run `work` concurrently, as soon as what the present message has changed is published."""

    def wait_for(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until `condition` holds after a message. False where that takes longer."""

    def close(self) -> None:
        """Wait for all workers, and end."""


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
        with self._closing:  # the end is the last message, so that every command before it is answered
            self._is_closed = True
            self.post(self._end)
        self._thread.join()

    def _end(self) -> None:
        self._ended = True

    def _answer[Result](self, command: Callable[[], Result], answer: Future[Result]) -> None:
        try:
            result = command()
        except Exception as error:  # noqa: BLE001 - the caller has it
            self._publish()
            answer.set_exception(error)
        else:
            self._publish()
            answer.set_result(result)

    def _handle_messages(self) -> None:
        while not self._ended:
            try:
                self._next_message()()
                self._publish()
            except Exception:
                log.exception("a message to the engine")

    def _publish(self) -> None:
        self._hook()
        spawned, self._spawned = self._spawned, []
        for work in spawned:
            self._workers.spawn(work)
        with self._handled:
            self._handled.notify_all()

    def _next_message(self) -> Message:
        """Wait for a message, or for the first timer that is over."""
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
