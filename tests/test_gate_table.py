"""`make gates` and `make test` show each gate that was tried, and what became of it."""

import subprocess
import sys

import pytest

from tests.root import ROOT


@pytest.mark.slow
def test_every_tried_gate_has_a_row() -> None:
    """Also for tests that ran in workers: by the name of its gate or test. Other tests have none."""
    files = ["tests/gates/test_gates.py", "tests/pipeline/test_machinery.py"]
    chosen = ["-k", "no_text or (name and echo) or (lint and not cfn)"]
    command = [sys.executable, "-m", "pytest", "--quiet", "--numprocesses", "2", *files, *chosen]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    rows = [line for line in done.stdout.splitlines() if line.endswith(" red")]
    assert [line.split("  ")[0] for line in rows] == ["lint", "pipeline: machinery", "pipeline: machinery"], done.stdout
    assert "an unused import" in rows[0]
    assert "a name of this team is found (the log of echo2)" in rows[2]
