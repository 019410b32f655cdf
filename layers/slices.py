"""Which packages go into which layer: the shared one from `main`, one more per function that has a group of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from layers.export import Pin

SHARED = "shared"


@dataclass(frozen=True)
class Slice:
    """One layer to build: its packages, and the functions that get it."""

    name: str
    pins: tuple[Pin, ...]
    functions: tuple[str, ...]


def functions(root: Path) -> list[str]:
    """The folders below lambda/ that have a handler."""
    return sorted(found.parent.name for found in (root / "lambda").glob("*/main.py"))


def sliced(shared: Sequence[Pin], groups: Mapping[str, Sequence[Pin]], every: Sequence[str]) -> list[Slice]:
    """The shared slice first, then each function's own, less what the shared one already has."""
    there = {pin.name for pin in shared}
    own = [
        Slice(name, tuple(pin for pin in pins if pin.name not in there), (name,))
        for name, pins in sorted(groups.items())
    ]
    return [part for part in (Slice(SHARED, tuple(shared), tuple(every)), *own) if part.pins]
