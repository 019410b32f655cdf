"""Whether this machine allows namespaces for the isolation of functions and builds."""

from __future__ import annotations

import functools
import subprocess
import tempfile

from rehearsal.emulator.functions import sandbox
from rehearsal.host import helper_process


@functools.cache
def mount_error() -> str:
    """Return why this machine cannot hide folders or mount code at /var/task and /opt; empty where it can."""
    with tempfile.TemporaryDirectory() as folder:
        probe = [*helper_process.helper_command(sandbox.__name__), "--probe", folder]
        done = subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return (done.stderr.strip() or "it failed") if done.returncode else ""
