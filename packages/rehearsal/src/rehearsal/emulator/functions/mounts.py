"""Whether this machine allows namespaces for the isolation of functions and builds."""

from __future__ import annotations

import functools
import tempfile

from rehearsal.emulator.functions import sandbox
from rehearsal.host import helper_process
from rehearsal.host.checked_command import CommandFailed, run_checked


@functools.cache
def mount_error() -> str:
    """Return why this machine cannot hide folders or mount code at /var/task and /opt; empty where it can."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            run_checked([*helper_process.helper_command(sandbox.__name__), "--probe", folder])
        except CommandFailed as error:
            return error.output
    return ""
