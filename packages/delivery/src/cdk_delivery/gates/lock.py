"""`python -m cdk_delivery.gates.lock`: check with Poetry or uv that the lock file is up to date with pyproject.toml.

A passing result is cached: Poetry takes a second to start.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cdk_delivery import lockfile
from cdk_delivery.errors import WrongUse
from cdk_delivery.gates.result_cache import ResultCache, digest


def input_files(kind: lockfile.Lockfile) -> tuple[str, ...]:
    """Return the files that the result depends on; requirements-tools.txt pins the tool."""
    return ("pyproject.toml", kind.name, "requirements-tools.txt")


def main(root: Path) -> int:
    """Check the lock. Return 0 if it is up to date, 2 if a file or the tool is missing, else the tool's status."""
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
    current = digest(b"", *((root / name).read_text() for name in names))
    passed = ResultCache(root, "lock")
    if current in passed.read():
        print(f"lock: unchanged since `{kind.shown_check}` passed")
        return 0
    try:
        status = subprocess.run(kind.check, cwd=root, check=False).returncode
    except FileNotFoundError:
        print(f"lock: there is no {kind.check[0]} on PATH; `make lock` installs and finds it", file=sys.stderr)
        return 2
    if not status:
        passed.write([current])
    return status


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
