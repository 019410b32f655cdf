"""Cache of passing results by content hash, so that gates re-check only changed files; builds keep it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

# In the project's root.
FOLDER = ".gates_cache"


class ResultCache:
    """Digests in a file of the gate's own, of all that decides what it says of one thing."""

    def __init__(self, root: Path, gate: str) -> None:
        self._path = root / FOLDER / f"{gate}.json"

    def read(self) -> set[str]:
        """A memory that cannot be read is none."""
        try:
            found = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return set()
        return set(map(str, found)) if isinstance(found, list) else set()

    def write(self, digests: Iterable[str]) -> None:
        """Beside, then renamed; what was remembered before and is not among them is forgotten."""
        beside = self._path.with_suffix(".new")
        beside.parent.mkdir(exist_ok=True)
        beside.write_text(json.dumps(sorted(digests)))
        beside.replace(self._path)


def digest(content: bytes, *facts: str) -> str:
    return hashlib.sha256("\0".join([hashlib.sha256(content).hexdigest(), *facts]).encode()).hexdigest()
