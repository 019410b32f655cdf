"""The benchmark of rehearsals: alternating runs, and no result for a failed one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench import commands, projects, rehearsal
from bench.builders.builder import ROOT
from bench.cost import Cost
from bench.rehearsal import Column, Run

# A fake rehearsal, which records that it ran and writes a result.
PLAYED = """
import json, sys
from pathlib import Path
column, output = sys.argv[1:]
with (Path.cwd().parent.parent / "order").open("a") as file:
    file.write(column + " ")
Path(output).write_text(json.dumps({"stages": [{"name": "Dev", "actions": [{"provider": "Manual"}]}]}))
"""
LOG = """[Container] 2026/11/24 12:36:33.000000 Phase is DOWNLOAD_SOURCE
[Container] 2026/11/24 12:36:34.000000 Entering phase INSTALL
Entering phase BUILD
[Container] 2026/11/24 12:36:36.500000 Phase complete: INSTALL State: SUCCEEDED
[Container] 2026/11/24 12:36:38.000000 Entering phase BUILD
[Container] 2026/11/24 12:36:39.000000 Phase complete: BUILD State: FAILED
"""


def played(*columns: str, code: str = PLAYED) -> dict[str, Column]:
    def make(folder: Path) -> None:
        (folder / "played.py").write_text(code)

    return {column: Column(make, (sys.executable, "played.py", column, "{json}")) for column in columns}


def quiet(_: str) -> None:
    pass


def test_columns_take_turns_and_the_first_run_of_each_is_not_counted(tmp_path: Path) -> None:
    """The columns alternate, so that other load affects both; the first run of each is not counted."""
    found = rehearsal.compare(played("a", "b"), tmp_path, runs=2, say=quiet)
    assert (tmp_path / "order").read_text().split() == ["a", "b", "a", "b", "b", "a"]
    assert [len(found[column]["whole run, s"]["all"]) for column in "ab"] == [2, 2]


@pytest.mark.gate
def test_a_red_run_ends_the_bench(tmp_path: Path) -> None:
    """A failed run ends the benchmark with its last output, and runs the column's last command."""
    last = (sys.executable, "-c", "open('ended', 'w')")
    (column,) = played("a", code="raise SystemExit('no luck today')").values()
    with pytest.raises(SystemExit, match=r"(?s)ended with 1.*no luck today"):
        rehearsal.compare({"a": Column(column.make, column.command, last=last)}, tmp_path, runs=1, say=quiet)
    assert (tmp_path / "0" / "project" / "ended").exists()


def test_the_time_of_commands_is_that_of_their_phases() -> None:
    """The time of commands is read from the phases, not from the commands' output."""
    assert [round(stop - start, 3) for start, stop in commands.intervals(LOG)] == [2.5, 1.0]


def test_concurrent_commands_count_once() -> None:
    """Concurrent commands count once in the time in which commands ran."""
    assert commands.union_seconds([(0.0, 4.0), (1.0, 2.0), (3.0, 6.0), (8.0, 9.0)]) == 7.0


def test_the_table_has_medians_and_the_ratio() -> None:
    """The table has medians with ranges, and the ratio of the first column to the last."""
    runs = {"with": [Run(Cost(clock, 12.0), {}, 9.0) for clock in (10.0, 12.0, 30.0)]}
    runs["without"] = [Run(Cost(10.0, 10.0), {}, 9.0)]
    found = {
        column: {name: rehearsal._summarize(figure, done) for name, figure in rehearsal.FIGURES.items()}
        for column, done in runs.items()
    }
    lines = rehearsal.markdown({"played": found}).splitlines()
    assert "| whole run, s | 12.0 (10.0 to 30.0) | 10.0 (10.0 to 10.0) | 1.20 |" in lines
    assert "| of it, none ran, % | 25.0 (10.0 to 70.0) | 10.0 (10.0 to 10.0) | 2.50 |" in lines


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with this project's settings and Makefile, which the projects are copies of."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("cdk.json", "Makefile"):
        shutil.copyfile(ROOT / name, folder / name)
    (folder / ".gitignore").write_text("build/\n")
    for words in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    monkeypatch.setattr(projects, "ROOT", folder)
    return folder


def test_this_project_is_copied_as_it_is(source: Path, tmp_path: Path) -> None:
    """The working tree is copied to a separate repository, with uncommitted changes and without ignored files."""
    (source / "new.py").write_text("")
    (source / "cdk.json").write_text("{}")
    (source / "build").mkdir()
    (source / "build" / "layer.zip").touch()
    projects.working_tree(tmp_path / "copy")
    status = ["git", "status", "--porcelain"]
    assert subprocess.run(status, cwd=tmp_path / "copy", capture_output=True, text=True, check=True).stdout == ""
    names = {path.name for path in (tmp_path / "copy").iterdir()}
    assert names == {".git", ".gitignore", "Makefile", "cdk.json", "new.py"}
    assert (tmp_path / "copy" / "cdk.json").read_text() == "{}"


@pytest.mark.usefixtures("source")
def test_ten_environments_have_ten_accounts(tmp_path: Path) -> None:
    """Ten environments in one wave have ten accounts, and `make check` is replaced."""
    copy = tmp_path / "copy"
    projects.ten_environments(copy)
    environments = json.loads((copy / "cdk.json").read_text())["context"]["delivery"]["environments"]
    assert len({environment["account"] for environment in environments}) == 10
    assert {environment["wave"] for environment in environments} == {"all"}
    said = subprocess.run(["make", "-n", "check"], cwd=copy, capture_output=True, text=True, check=True).stdout
    assert "pytest" not in said
