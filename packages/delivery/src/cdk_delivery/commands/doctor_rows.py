"""One row of `doctor`: the check, its result, and the command that fixes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "unknown", "red"]


@dataclass(frozen=True)
class Row:
    """`unknown` is what could not be looked at; it does not make the command red."""

    check: str
    state: State
    found: str
    mend: str = ""
