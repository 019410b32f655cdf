"""Rehearsals without a network: the embedded AWS needs none, and a build that needs it fails immediately."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.root import PACKAGE

NAMESPACE = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c"]


def offline(command: str) -> subprocess.CompletedProcess[str]:
    """Run a shell command with only a loopback interface."""
    return subprocess.run(
        [*NAMESPACE, f"ip link set lo up && {command}"],
        cwd=PACKAGE,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_rehearsal_needs_no_network(tmp_path: Path) -> None:
    """The assertions of without_network.py hold without a network."""
    possible = offline("true")
    if possible.returncode:
        pytest.skip(f"this machine forbids network namespaces: {possible.stderr.strip()}")
    done = offline(f"exec {sys.executable} -m tests.commands.without_network {tmp_path}")
    assert done.returncode == 0, done.stdout + done.stderr
