"""`python -m layers`."""

import sys
from pathlib import Path

from layers.build.restore import restore_build


def _restored_last_build() -> bool:
    """Whether `build` had nothing to do: found out before anything is imported that takes time."""
    if sys.argv[1:] != ["build"]:
        return False
    try:
        warnings = restore_build(Path.cwd())
    except Exception:  # noqa: BLE001 - whatever it is, the command finds it again, and has words for it
        return False
    for line in ["layers: nothing to do, build/layers/ is what the lock says"] if warnings is not None else []:
        print(line, *(f"layers: warning: {warning}" for warning in warnings or []), sep="\n", file=sys.stderr)
    return warnings is not None


if not _restored_last_build():
    from layers.cli import main

    main()
