"""The table of gates that `make gates` and `make test` print."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.root import ROOT

pytestmark = pytest.mark.slow  # four processes of pytest, two processor seconds in a build

GREEN = """
from collections import namedtuple
import pytest

Gate = namedtuple("Gate", "name fault")
LINT, TYPES = Gate("lint", "an unused import"), Gate("types", "a text in place of a number")

@pytest.mark.gate
@pytest.mark.parametrize("gates", [(LINT, TYPES)], ids=["lint and types"])
def test_it_goes_red(gates): ...

@pytest.mark.gate
@pytest.mark.parametrize("name", ["echo", "echo2"])
def test_a_name_of_this_team_is_found(name): ...

def test_of_another_kind(): ...
"""
RED = """
import pytest

@pytest.mark.gate
def test_that_catches() -> None: ...

@pytest.mark.gate
def test_that_lets_through() -> None:
    assert False, "let through"

def test_of_another_kind() -> None:
    assert False, "planted"
"""


def printed(folder: Path, tests: str, *options: str) -> list[str]:
    """Return the lines that a run of these tests prints."""
    (folder / "tests").mkdir()
    (folder / "tests" / "test_odd.py").write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = gate\n")
    command = [sys.executable, "-m", "pytest", "--quiet", "-p", "tests.gate_table", "--rootdir", str(folder), *options]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, "tests"], cwd=folder, env=environ, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def test_every_tried_gate_has_a_row(tmp_path: Path) -> None:
    """Each gate of a test has a row, also with parallel workers; other tests have none."""
    lines = printed(tmp_path, GREEN, "--numprocesses", "2")
    rows = [line.split(maxsplit=1) for line in lines if line.endswith(" caught")]
    assert [(name, fault.removesuffix("caught").strip()) for name, fault in rows] == [
        ("lint", "an unused import"),
        ("odd", "a name of this team is found (echo)"),
        ("odd", "a name of this team is found (echo2)"),
        ("types", "a text in place of a number"),
    ], lines


def test_a_failed_run_lists_only_what_was_not_caught(tmp_path: Path) -> None:
    """A failed run lists only the gates that did not catch their fault."""
    lines = printed(tmp_path, RED)
    assert [line.split()[-2:] for line in lines if line.endswith("CAUGHT")] == [["NOT", "CAUGHT"]], lines
    assert not [line for line in lines if line.endswith((" red", " caught"))]
    after = lines[next(number for number, line in enumerate(lines) if line.endswith("CAUGHT")) :]
    assert any(line.startswith("FAILED tests/test_odd.py::test_of_another_kind") for line in after)
