"""Cold starts of functions: the embedded AWS writes them, the end of a run reads them."""

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
    """Times in milliseconds; compiled: modules of code and layers that had no usable bytecode; memory: peak in MB."""

    account: str
    function: str
    init_ms: float
    first_call_ms: float
    compiled: int
    modules: int
    memory_mb: int


@dataclass(frozen=True)
class ColdStartRecord:
    """The file; each start of the embedded AWS truncates it."""

    path: Path

    def begin(self) -> None:
        self.path.write_text("")

    def note(self, config: FunctionConfig, call: InvocationResult) -> None:
        """Add a call that began with an initialization, if that went well."""
        if call.init and not call.init.error:
            init, account = call.init, config["FunctionArn"].split(":")[4]
            times = (round(init.milliseconds, 1), round(call.milliseconds, 1))
            cold = ColdStart(account, config["FunctionName"], *times, init.compiled, init.modules, call.memory)
            with self.path.open("a") as file:
                file.write(json.dumps(asdict(cold)) + "\n")

    def latest(self) -> list[ColdStart]:
        """The last cold start of each function, in the order of their first ones."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        found = [ColdStart(**json.loads(line)) for line in lines]
        return list({(each.account, each.function): each for each in found}.values())
