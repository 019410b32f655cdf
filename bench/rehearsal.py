"""Whole rehearsals, warm, with IAM and TLS and without them, in turns: what the enforcement costs.

A figure more is a line in FIGURES; another project, such as one with ten environments, is a line in SCENARIOS.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.builders.builder import ROOT
from bench.cost import Cost, cost

RESULT = "result.json"
TOOLS = (Path(sys.executable).parent, ROOT / ".tools" / "bin", ROOT / "node_modules" / ".bin")


@dataclass(frozen=True)
class Run:
    """One rehearsal: what it cost, and what its `--json` says."""

    cost: Cost
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Scenario:
    """A project, made by `make` in an empty folder, and the commands to rehearse it, by what a column says.

    `{json}` in a command is the file for the result. Ratios are those of the first column to the last.
    """

    name: str
    make: Callable[[Path], None]
    commands: Mapping[str, Sequence[str]]


def this_project(folder: Path) -> None:
    """This working tree, in a repository of its own; what builds have downloaded before is there already."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    caches = ROOT / ".rehearsal" / "cache"
    if caches.exists():
        shutil.copytree(caches, folder / ".rehearsal" / "cache", symlinks=True)
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "--all"], ["commit", "-q", "-m", "a working tree"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)


REHEARSE = (sys.executable, "-m", "rehearsal", "run", "--approve", "--json", "{json}")
SCENARIOS = (
    Scenario("this project", this_project, {"with IAM and TLS": REHEARSE, "--no-iam": (*REHEARSE, "--no-iam")}),
)
FIGURES: Mapping[str, Callable[[Run], float]] = {
    "whole run, s": lambda run: run.cost.clock,
    "whole run, processor s": lambda run: run.cost.processor,
    "its actions, one after the other, s": lambda run: sum(each["seconds"] for each in _actions(run)),
}


def measure(scratch: Path, *, runs: int, say: Callable[[str], None]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Scenario by scenario: column -> figure -> the median and all values."""
    for scenario in SCENARIOS:
        yield scenario.name, compare(scenario, scratch / "rehearsal", runs=runs, say=say)


def compare(scenario: Scenario, scratch: Path, *, runs: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Rehearse each column once to warm it up, then `runs` times in turns, every other time in the other order."""
    places = {column: scratch / str(number) / "project" for number, column in enumerate(scenario.commands)}
    for column, folder in places.items():
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        scenario.make(folder)
        say(f"{scenario.name}, {column}: a first run, not counted")
        rehearse(scenario.commands[column], folder)
    found: dict[str, list[Run]] = {column: [] for column in places}
    for turn in range(runs):
        for column in list(places)[:: -1 if turn % 2 else 1]:
            found[column].append(rehearse(scenario.commands[column], places[column]))
            say(f"{scenario.name}, run {turn + 1} of {runs}, {column}: {found[column][-1].cost.clock:.1f} s")
    return {column: {name: _told(figure, done) for name, figure in FIGURES.items()} for column, done in found.items()}


def rehearse(command: Sequence[str], folder: Path) -> Run:
    """One run of `command` in `folder`. Ends the bench where it goes red: a red run is a shorter one."""
    told, home, log = (folder.parent / name for name in (RESULT, "home", "log"))
    told.unlink(missing_ok=True)
    home.mkdir(exist_ok=True)
    words = [str(told) if each == "{json}" else each for each in command]
    path = os.pathsep.join([*map(str, TOOLS), os.environ.get("PATH", os.defpath)])
    codes: list[int] = []

    def run() -> None:
        with log.open("wb") as out:
            environ = {**os.environ, "HOME": str(home), "PATH": path, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(words, cwd=folder, env=environ, stdout=out, stderr=subprocess.STDOUT, check=False)
        codes.append(done.returncode)

    spent = cost(run)
    if codes != [0] or not told.exists():
        last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise SystemExit(f"bench: `{' '.join(words)}` in {folder} ended with {codes[0]}; the end of {log}:\n{last}")
    return Run(spent, json.loads(told.read_text()))


def markdown(found: Mapping[str, Mapping[str, Any]]) -> str:
    """A table for each scenario; the ratio is that of the first column's median to the last one's."""
    return "\n".join(line for name, columns in found.items() for line in _table(name, columns))


def _table(name: str, columns: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"### {name[0].upper()}{name[1:]}", "")
    yield f"| median (least to most) | {' | '.join(columns)} | ratio |"
    yield f"|---|{'---:|' * (len(columns) + 1)}"
    for figure in FIGURES:
        values = [column[figure] for column in columns.values()]
        cells = [f"{each['median']:.1f} ({min(each['all']):.1f} to {max(each['all']):.1f})" for each in values]
        first, last = values[0]["median"], values[-1]["median"]
        yield f"| {figure} | {' | '.join(cells)} | {f'{first / last:.2f}' if last else '-'} |"


def _told(figure: Callable[[Run], float], done: Sequence[Run]) -> dict[str, Any]:
    values = [round(figure(each), 2) for each in done]
    return {"median": round(median(values), 2), "all": values}


def _actions(run: Run) -> list[Mapping[str, Any]]:
    return [action for stage in run.result["stages"] for action in stage["actions"] if action["seconds"] is not None]
