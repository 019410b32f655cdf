"""Dead letters and reserved concurrency of a function that CloudFormation creates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rehearsal.emulator.ministack.port import functions


def keep_dead_letters_and_concurrency(name: str, properties: Mapping[str, Any]) -> None:
    """Store what the template says about a function's dead-letter queue and concurrency."""
    record = functions.function_record(name)
    reserved = properties.get("ReservedConcurrentExecutions")
    record["concurrency"] = None if reserved is None else int(reserved)
    record["config"].pop("DeadLetterConfig", None)
    if properties.get("DeadLetterConfig"):
        record["config"]["DeadLetterConfig"] = properties["DeadLetterConfig"]
