"""Rehearsals are compared in turns, and a red one is no figure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench import rehearsal
from bench.builders.builder import ROOT
from bench.cost import Cost
from bench.rehearsal import Run, Scenario

# Stands for a rehearsal: notes down that it ran, and writes a result.
PLAYED = """
import json, sys
from pathlib import Path
column, told = sys.argv[1:]
with (Path.cwd().parent.parent / "order").open("a") as file:
    file.write(column + " ")
action = {"name": "Synth", "seconds": 2.0}
skipped = {"name": "Approve", "seconds": None}
Path(told).write_text(json.dumps({"stages": [{"name": "Build", "actions": [action, skipped]}]}))
"""


def played(*columns: str, code: str = PLAYED) -> Scenario:
    commands = {column: (sys.executable, "played.py", column, "{json}") for column in columns}

    def make(folder: Path) -> None:
        (folder / "played.py").write_text(code)

    return Scenario("played", make, commands)


def quiet(_: str) -> None:
    pass


def test_columns_take_turns_and_the_first_run_of_each_is_not_counted(tmp_path: Path) -> None:
    """What else the machine does meets both of them, and none is always the first."""
    found = rehearsal.compare(played("a", "b"), tmp_path, runs=2, say=quiet)
    assert (tmp_path / "order").read_text().split() == ["a", "b", "a", "b", "b", "a"]
    assert [len(found[column]["whole run, s"]["all"]) for column in "ab"] == [2, 2]
    assert found["a"]["its actions, one after the other, s"] == {"median": 2.0, "all": [2.0, 2.0]}


@pytest.mark.gate
def test_a_red_run_ends_the_bench(tmp_path: Path) -> None:
    """It would be a quick one; what it said last is shown."""
    with pytest.raises(SystemExit, match=r"(?s)ended with 1.*no luck today"):
        rehearsal.compare(played("a", code="raise SystemExit('no luck today')"), tmp_path, runs=1, say=quiet)


def test_the_table_has_medians_and_the_ratio() -> None:
    """Of the first column to the last."""
    runs = {"with": [Run(Cost(clock, 12.0), {"stages": []}) for clock in (10.0, 12.0, 30.0)]}
    runs["without"] = [Run(Cost(10.0, 10.0), {"stages": []})]
    found = {
        column: {name: rehearsal._told(figure, done) for name, figure in rehearsal.FIGURES.items()}
        for column, done in runs.items()
    }
    lines = rehearsal.markdown({"played": found}).splitlines()
    assert "| whole run, s | 12.0 (10.0 to 30.0) | 10.0 (10.0 to 10.0) | 1.20 |" in lines


def test_this_project_is_copied_as_it_is(tmp_path: Path) -> None:
    """In a repository of its own, with what is not committed yet."""
    rehearsal.this_project(tmp_path)
    assert (tmp_path / ".git").is_dir()
    assert (tmp_path / "cdk.json").read_text() == (ROOT / "cdk.json").read_text()
