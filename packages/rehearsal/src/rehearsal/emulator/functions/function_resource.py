"""The properties DeadLetterConfig and ReservedConcurrentExecutions, which MiniStack's CloudFormation ignores."""

from __future__ import annotations

from rehearsal.emulator.ministack.port import functions
from rehearsal.emulator.ministack.port.function_records import FunctionSettings


def keep_dead_letters_and_concurrency(name: str, properties: FunctionSettings) -> None:
    """Store the dead-letter queue and the reserved concurrency of a template's function."""
    record = functions.function_record(name)
    reserved = properties.get("ReservedConcurrentExecutions")
    record["concurrency"] = None if reserved is None else int(reserved)
    record["config"].pop("DeadLetterConfig", None)
    if properties.get("DeadLetterConfig"):
        record["config"]["DeadLetterConfig"] = properties["DeadLetterConfig"]
