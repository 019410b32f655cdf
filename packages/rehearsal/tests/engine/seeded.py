"""A scheduler without threads: a seed chooses what happens next, so that a failure can be replayed.

The queue is the scheduling point. At each step one of these happens: the engine handles the next message, a worker that
can continue does its work, a timeout expires, or the second client sends its command.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any

from rehearsal.engine.action_api import ActionError, Outcome, Task
from rehearsal.engine.model.timeouts import APPROVAL
from rehearsal.engine.running.action_attempt import Attempt
from rehearsal.engine.running.scheduler import Message
from rehearsal.engine.running.workers import Work

SLOW, COIN, BOOM = "slow", "coin", "boom"


class SeededScheduler:
    """`other`: a command of a second client, sent at some moment while the first one waits for its answer."""

    def __init__(self) -> None:
        self.random = random.Random(0)
        self.other: Message | None = None
        self.work: list[Attempt] = []
        self.messages: deque[Message] = deque()
        self.timers: dict[int, Message] = {}
        self._hook: Message = lambda: None
        self._asked: list[Attempt] = []
        self._count = 0

    def run_after_each_message(self, hook: Message) -> None:
        self._hook = hook

    def post(self, message: Message) -> None:
        self.messages.append(message)

    def call[Result](self, command: Callable[[], Result]) -> Result:
        answers: list[Any] = []

        def answered() -> None:
            try:
                answers.append((command(), None))
            except Exception as error:  # noqa: BLE001 - the caller has it
                answers.append((None, error))

        self.post(answered)
        while not answers:
            self.step()
        result, error = answers[0]
        if error:
            raise error
        return result  # type: ignore[no-any-return]

    def call_later(self, seconds: float, message: Message) -> Message:
        self._count += 1
        number = self._count
        self.timers[number] = message
        return lambda: self.timers.pop(number, None)

    def spawn(self, work: Work) -> None:
        assert isinstance(work, Attempt)
        self.work.append(work)

    def wait_for(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        self.settle()
        return condition()

    def close(self) -> None:
        self.settle()

    def settle(self) -> None:
        """Step until nothing is left to do; no timeout expires."""
        for _ in range(10_000):
            if not self.can_step:
                return
            self.step(timers=False)
        raise AssertionError("it does not end")

    @property
    def can_step(self) -> bool:
        return bool(self.messages or self._ready())

    def expire(self) -> None:
        """Let one of the timeouts expire."""
        if self.timers:
            number = self.random.choice(sorted(self.timers))
            self.post(self.timers.pop(number))

    def step(self, *, timers: bool = True) -> None:
        """Do one thing, chosen by the seed."""
        choices: list[Message] = []
        if self.messages:
            choices += [self._handle] * 3
        choices += [lambda attempt=attempt: self._run(attempt) for attempt in self._ready()]  # type: ignore[misc]
        if self.other:
            choices.append(self._send_other)
        if timers and self.timers and self.random.random() < 0.02:
            choices.append(self.expire)
        if choices:
            self.random.choice(choices)()

    def _handle(self) -> None:
        self.messages.popleft()()
        self._hook()

    def _send_other(self) -> None:
        other, self.other = self.other, None
        if other:
            other()

    def _ready(self) -> list[Attempt]:
        return [attempt for attempt in self.work if self._can_go_on(attempt)]

    def _can_go_on(self, attempt: Attempt) -> bool:
        if attempt.action.type == APPROVAL:
            return attempt not in self._asked or attempt.stop.is_set() or attempt.answer is not None
        return attempt.action.name != SLOW or attempt.stop.is_set() or self.random.random() < 0.3

    def _run(self, attempt: Attempt) -> None:
        if attempt.action.type == APPROVAL and attempt not in self._asked:
            self._asked.append(attempt)
            attempt.reports.waiting(attempt, "?")
            return
        self.work.remove(attempt)
        attempt.run()


class Script:
    """A runner whose actions do what their name says; the scheduler's seed decides how a coin falls."""

    def __init__(self, scheduler: SeededScheduler) -> None:
        self._scheduler = scheduler

    def run(self, task: Task) -> Outcome:
        name, chance = task.action.name, self._scheduler.random.random()
        if task.action.type == APPROVAL:
            answer = task.approval.answer()
            return Outcome(not (answer and answer.approved), answer.summary if answer else "no answer")
        if name == SLOW and task.stop.is_set():
            return Outcome(failed=True, summary="was stopped")
        if name == BOOM and chance < 0.1:
            raise SystemExit("a bug in a runner")
        if name in {COIN, BOOM} and chance < 0.15:
            raise ActionError("no such thing")
        failed = name in {COIN, BOOM} and chance < 0.25
        return Outcome(failed, "red" if failed else "done", variables={"said": "x"})
