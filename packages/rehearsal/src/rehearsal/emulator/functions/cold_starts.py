"""The record of functions' cold starts, which the embedded AWS writes and the end of a run reads."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.emulator.ministack.port.function_records import FunctionConfig

if TYPE_CHECKING:
    from rehearsal.emulator.functions.execution_environment import InvocationResult


@dataclass(frozen=True)
class ColdStart:
    """A cold start. compiled: number of modules in code and layers without usable bytecode. memory_mb: the peak."""

    account: str
    function: str
    init_ms: float
    first_call_ms: float
    compiled: int
    modules: int
    memory_mb: int


@dataclass(frozen=True)
class ColdStartRecord:
    """The record's file of JSON lines, which each start of the embedded AWS truncates."""

    path: Path

    def begin(self) -> None:
        self.path.write_text("")

    def note(self, config: FunctionConfig, invocation: InvocationResult) -> None:
        """Record an invocation that began with a successful initialization."""
        if invocation.init and not invocation.init.error:
            init, account = invocation.init, config["FunctionArn"].split(":")[4]
            times = (round(init.milliseconds, 1), round(invocation.milliseconds, 1))
            cold = ColdStart(account, config["FunctionName"], *times, init.compiled, init.modules, invocation.memory)
            with self.path.open("a") as file:
                file.write(json.dumps(asdict(cold)) + "\n")

    def latest(self) -> list[ColdStart]:
        """Return the last cold start of each function, in the order of their first ones."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        cold_starts = [ColdStart(**json.loads(line)) for line in lines]
        return list({(start.account, start.function): start for start in cold_starts}.values())
