"""The table of gates that `make gates` and `make test` print."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.root import ROOT


@pytest.mark.slow
def test_every_tried_gate_has_a_row() -> None:
    """Each gate test has a row, also with parallel workers; other tests have none."""
    files = ["tests/gates/test_gates.py", "tests/pipeline/test_machinery.py"]
    chosen = ["-k", "no_text or (name and echo) or (lint and not cfn)"]
    command = [sys.executable, "-m", "pytest", "--quiet", "--numprocesses", "2", *files, *chosen]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    rows = [line for line in done.stdout.splitlines() if line.endswith(" caught")]
    assert [line.split("  ")[0] for line in rows] == ["lint", "pipeline: machinery", "pipeline: machinery"], done.stdout
    assert "an unused import" in rows[0]
    assert "a name of this team is found (the log of echo2)" in rows[2]


PLANTED = """
import pytest

@pytest.mark.gate
def test_that_catches() -> None: ...

@pytest.mark.gate
def test_that_lets_through() -> None:
    assert False, "let through"

def test_of_another_kind() -> None:
    assert False, "planted"
"""


def test_a_failed_run_lists_only_what_was_not_caught(tmp_path: Path) -> None:
    """A failed run lists only the gates that did not catch their fault."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_odd.py").write_text(PLANTED)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = gate\n")
    command = [sys.executable, "-m", "pytest", "--quiet", "-p", "tests.gate_table", "--rootdir", str(tmp_path), "tests"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert [line.split()[-2:] for line in lines if line.endswith("CAUGHT")] == [["NOT", "CAUGHT"]], done.stdout
    assert not [line for line in lines if line.endswith((" red", " caught"))]
    after = lines[next(number for number, line in enumerate(lines) if line.endswith("CAUGHT")) :]
    assert any(line.startswith("FAILED tests/test_odd.py::test_of_another_kind") for line in after)
