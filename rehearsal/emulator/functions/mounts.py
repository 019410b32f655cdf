"""Whether this machine lets a function have a file system of its own."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from pathlib import Path

from rehearsal import interpreters


@functools.cache
def cannot_mount() -> str:
    """Why functions cannot have /var/task and /opt of their own here; nothing where they can."""
    sandbox = Path(__file__).with_name("sandbox.py")
    with tempfile.TemporaryDirectory() as folder:
        probe = [str(interpreters.own()[1]), "-I", "-S", str(sandbox), "--probe", folder]
        done = subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return (done.stderr.strip() or "it failed") if done.returncode else ""
