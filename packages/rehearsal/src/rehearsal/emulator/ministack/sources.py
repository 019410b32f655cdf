"""Command that reads names of MiniStack's functions as JSON from stdin, and writes their sources as JSON to stdout."""

from __future__ import annotations

import inspect
import json
import sys

from rehearsal.emulator.ministack import patch
from rehearsal.emulator.ministack.patch import MissingTarget


def source(name: str, files: dict[str, list[str]]) -> str | None:
    """Return the source of a function or class, the value of a constant, or the type of any other object.

    None where MiniStack does not have the name any more. files: see `patch.source`.
    """
    try:
        value: object = patch.read(name)
    except MissingTarget:
        return None
    if inspect.isclass(value):
        return inspect.getsource(value)
    return patch.source(value, files) if callable(value) else _literal(value)


def _literal(value: object) -> str:
    if isinstance(value, str | bool):
        return f"{value!r}\n"
    if isinstance(value, tuple | frozenset):
        return f"{sorted(value)}\n"
    return f"{type(value).__name__}\n"


def main() -> None:
    files: dict[str, list[str]] = {}
    json.dump({name: source(name, files) for name in json.load(sys.stdin)}, sys.stdout)


if __name__ == "__main__":
    main()
