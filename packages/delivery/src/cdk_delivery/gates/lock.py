"""`python -m cdk_delivery.gates.lock`: poetry.lock is that of pyproject.toml, as `poetry check --lock` says it.

A lock that Poetry has accepted is not checked again: Poetry takes a second to start.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cdk_delivery.gates.result_cache import ResultCache, digest

# What decides what Poetry says, with its own pins among them.
INPUT_FILES = ("pyproject.toml", "poetry.lock", "requirements-tools.txt")


def main(root: Path) -> int:
    """0: it is; 2: a file or Poetry is missing; else Poetry's own status."""
    missing = [name for name in INPUT_FILES if not (root / name).exists()]
    if missing:
        print(f"lock: there is no {', '.join(missing)} in {root}; `poetry lock` makes poetry.lock", file=sys.stderr)
        return 2
    now = digest(b"", *((root / name).read_text() for name in INPUT_FILES))
    remembered = ResultCache(root, "lock")
    if now in remembered.read():
        print("lock: unchanged since `poetry check --lock` had nothing to say")
        return 0
    try:
        status = subprocess.run(["poetry", "check", "--lock"], cwd=root, check=False).returncode
    except FileNotFoundError:
        print("lock: there is no Poetry on the search path; `make lock` installs and finds it", file=sys.stderr)
        return 2
    if not status:
        remembered.write([now])
    return status


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
