"""An engine that tests drive step by step: its clock, its commands and their answers, and its end by a kill."""

from __future__ import annotations

import itertools
import random
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

from rehearsal.aws import Endpoint
from rehearsal.engine.action_api import Answer
from rehearsal.engine.endpoint import Credentials
from rehearsal.engine.engine import Engine
from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import ActionType
from rehearsal.engine.model.timeouts import APPROVAL
from rehearsal.engine.running.environment import Environment
from rehearsal.engine.state.execution import Execution
from tests.engine.conftest import KEY
from tests.engine.journals import MEMORY, Journals
from tests.engine.seeded import Script, SeededScheduler

START = {"triggerType": "StartPipelineExecution"}


def assume(role_arn: str, service: str, session_name: str, *, through: str = "", region: str = "") -> Credentials:
    return Credentials("key", "secret")


class DrivenEngine:
    """An engine in memory; `reached` counts the states that the examples reach."""

    reached: ClassVar = Counter[str]()

    def __init__(self) -> None:
        super().__init__()  # of hypothesis' state machine
        self.clock = self.stop_the_clock()
        self.folder = Path(tempfile.mkdtemp(prefix="engine-", dir=MEMORY))
        self.journals = Journals(self.folder / "executions")
        self.answers: dict[str, tuple[str, bool]] = {}
        self.begin()

    def stop_the_clock(self) -> ExitStack:
        """Count times and ids from one: a replay writes the same bytes, and `kill` cuts them at the same place."""
        stack, count = ExitStack(), itertools.count(1)
        stack.enter_context(patch("time.time", lambda: 1.8e9 + next(count)))
        stack.enter_context(patch("uuid.uuid4", lambda: uuid.UUID(int=next(count))))
        return stack

    def begin(self) -> None:
        self.scheduler = SeededScheduler()
        script = Script(self.scheduler)
        kinds = (ActionType("Test", "Played"), ActionType("Rule", "Played"), APPROVAL)
        runners = dict.fromkeys(kinds, script)
        environment = Environment(
            Endpoint("http://127.0.0.1:1"),
            assume,
            runners,
            executions=self.folder / "executions",
            pipelines=self.folder / "pipelines",
        )
        self.engine = Engine(environment, self.scheduler)

    def send(self, seed: int, command: Callable[[], object]) -> None:
        self.scheduler.random = random.Random(seed)
        self.tolerate(command)
        self.advance(self.scheduler.random.choice((0, 3, 30)))

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            if self.scheduler.can_step:
                self.scheduler.step()

    def tolerate(self, command: Callable[[], object]) -> None:
        try:
            command()
        except RequestRejected as error:
            self.count(f"refused: {error.code}")

    def answer(self, execution: str, token: str, *, approved: bool) -> None:
        answered = self.engine.answer(KEY, "Gate", "ask", token, Answer(approved, "looked"))
        assert answered == execution, "an approval counted for another execution"
        assert token not in self.answers, "an approval was answered twice"
        self.answers[token] = (execution, approved)
        self.count("answered")

    def waiting(self) -> list[tuple[str, str]]:
        """Return the executions that wait for an approval, with the tokens."""
        return [
            (execution.id, state.token)
            for execution in self.executions()
            for state in execution.attempts.values()
            if state.token
        ]

    def choose(self, index: int) -> Execution | None:
        executions = self.executions()
        return executions[-1 - index % len(executions)] if executions else None

    def executions(self) -> list[Execution]:
        return self.engine.executions_of(KEY)

    def count(self, what: str) -> None:
        type(self).reached[what] += 1

    def close_files(self) -> None:
        """Close the files, as the kernel does for a killed process."""
        for pipeline in (*self.engine._writers.values(), *self.engine._deleted):
            executions = (writer.record._journal for writer in pipeline.executions.writers.values())
            for written in (pipeline.record._journal, *executions):
                if written:
                    written._file.close()
