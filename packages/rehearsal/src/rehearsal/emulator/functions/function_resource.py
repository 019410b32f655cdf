"""Dead letters and reserved concurrency of a function that CloudFormation creates."""

from __future__ import annotations

from rehearsal.emulator.ministack.port import functions
from rehearsal.emulator.ministack.port.function_records import FunctionSettings


def keep_dead_letters_and_concurrency(name: str, properties: FunctionSettings) -> None:
    """Store what the template says about a function's dead-letter queue and concurrency."""
    record = functions.function_record(name)
    reserved = properties.get("ReservedConcurrentExecutions")
    record["concurrency"] = None if reserved is None else int(reserved)
    record["config"].pop("DeadLetterConfig", None)
    if properties.get("DeadLetterConfig"):
        record["config"]["DeadLetterConfig"] = properties["DeadLetterConfig"]
