"""Cache of passing results by content hash, so that gates re-check only changed files. Builds on AWS cache it too."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

# In the project's root.
FOLDER = ".gates_cache"


class ResultCache:
    """The digests of what passed a gate, in the gate's file. A digest has everything that the result depends on."""

    def __init__(self, root: Path, gate: str) -> None:
        self._path = root / FOLDER / f"{gate}.json"

    def read(self) -> set[str]:
        """Return the digests; empty if the file is missing or damaged."""
        try:
            digests = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return set()
        return set(map(str, digests)) if isinstance(digests, list) else set()

    def write(self, digests: Iterable[str]) -> None:
        """Replace all digests, atomically: two runs of a gate may end at the same time."""
        new = self._path.with_suffix(f".{os.urandom(8).hex()}")
        new.parent.mkdir(exist_ok=True)
        new.write_text(json.dumps(sorted(digests)))
        new.replace(self._path)


def digest(content: bytes, *facts: str) -> str:
    """Return the digest of a file's content and of other facts that the result depends on."""
    return hashlib.sha256("\0".join([hashlib.sha256(content).hexdigest(), *facts]).encode()).hexdigest()
