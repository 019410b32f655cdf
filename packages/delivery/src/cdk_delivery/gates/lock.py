"""`python -m cdk_delivery.gates.lock`: the lock is that of pyproject.toml, as Poetry or uv says it.

A lock that its tool has accepted is not checked again: Poetry takes a second to start.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cdk_delivery import lockfile
from cdk_delivery.errors import WrongUse
from cdk_delivery.gates.result_cache import ResultCache, digest


def input_files(kind: lockfile.Lockfile) -> tuple[str, ...]:
    """Return what decides what the tool says, with its own pins among them."""
    return ("pyproject.toml", kind.name, "requirements-tools.txt")


def main(root: Path) -> int:
    """0: it is; 2: a file or the tool is missing; else the tool's own status."""
    try:
        kind = lockfile.of_project(root)
    except WrongUse as error:
        print(f"lock: {error}", file=sys.stderr)
        return 2
    names = input_files(kind)
    missing = [name for name in names if not (root / name).exists()]
    if missing:
        print(f"lock: there is no {', '.join(missing)} in {root}; `{kind.lock}` makes {kind.name}", file=sys.stderr)
        return 2
    now = digest(b"", *((root / name).read_text() for name in names))
    remembered = ResultCache(root, "lock")
    if now in remembered.read():
        print(f"lock: unchanged since `{kind.shown_check}` had nothing to say")
        return 0
    try:
        status = subprocess.run(kind.check, cwd=root, check=False).returncode
    except FileNotFoundError:
        print(f"lock: there is no {kind.check[0]} on PATH; `make lock` installs and finds it", file=sys.stderr)
        return 2
    if not status:
        remembered.write([now])
    return status


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
