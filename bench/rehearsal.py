"""Whole rehearsals, warm, in turns: what IAM and TLS cost, how long the engine takes, ten environments against one.

A figure more is a line in FIGURES; another comparison is a line in SCENARIOS.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import commands, projects
from bench.builders.builder import ROOT
from bench.cost import Cost, cost

RESULT = "result.json"
# Before each run, as between pushes: ext4 without a journal looks for a minute at every inode that was freed.
PAUSE_SECONDS = 60.0
TOOLS = (Path(sys.executable).parent, ROOT / ".tools" / "bin", ROOT / "node_modules" / ".bin")
REHEARSAL = (sys.executable, "-m", "rehearsal")
APPROVED_RUN = (*REHEARSAL, "run", "--approve", "--json", "{json}")


@dataclass(frozen=True)
class Run:
    """One rehearsal: what it cost, what its `--json` says, and for how many seconds commands of its builds ran."""

    cost: Cost
    result: Mapping[str, Any]
    commands: float


@dataclass(frozen=True)
class Column:
    """A project, made by `make` in an empty folder, and the command to rehearse it.

    `{json}` in the command is the file for the result; `first` and `last` run before the first run and after the last.
    """

    make: Callable[[Path], None] = projects.working_tree
    command: Sequence[str] = APPROVED_RUN
    first: Sequence[str] = ()
    last: Sequence[str] = ()


# Scenario -> columns by name; ratios are those of the first column to the last.
SCENARIOS: Mapping[str, Mapping[str, Column]] = {
    "this project": {
        "as it is": Column(),
        "embedded AWS kept up": Column(first=(*REHEARSAL, "up"), last=(*REHEARSAL, "down")),
        "--no-iam": Column(command=(*APPROVED_RUN, "--no-iam")),
    },
    "environments in one wave, without `make check`": {
        "10": Column(make=projects.ten_environments),
        "1": Column(make=projects.one_environment),
    },
}
FIGURES: Mapping[str, Callable[[Run], float]] = {
    "whole run, s": lambda run: run.cost.clock,
    "whole run, processor s": lambda run: run.cost.processor,
    "of it, a command of a build ran, s": lambda run: run.commands,
    "of it, none ran, %": lambda run: 100 * (1 - run.commands / run.cost.clock),
}


def measure(scratch: Path, *, runs: int, say: Callable[[str], None]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each scenario's name with column -> figure -> the median and all values."""
    for name, columns in SCENARIOS.items():
        say(name)
        figures = compare(
            columns, scratch / "rehearsal", runs=runs, say=say, warm=projects.link_caches, pause=PAUSE_SECONDS
        )
        yield name, figures


def compare(
    columns: Mapping[str, Column],
    scratch: Path,
    *,
    runs: int,
    say: Callable[[str], None],
    warm: Callable[[Path], None] = lambda _: None,
    pause: float = 0.0,
) -> dict[str, dict[str, Any]]:
    """Rehearse each column once to warm it up, then `runs` times in turns, every other time in the other order.

    pause: seconds before each run that is counted.
    """
    places = {name: scratch / str(number) / "project" for number, name in enumerate(columns)}
    for name, folder in places.items():
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        columns[name].make(folder)
        warm(folder)
    try:
        for name, folder in places.items():
            say(f"{name}: a first run, not counted")
            _run_command(columns[name].first, folder)
            rehearse(columns[name].command, folder)
        runs_of: dict[str, list[Run]] = {name: [] for name in places}
        for turn in range(runs):
            for name in list(places)[:: -1 if turn % 2 else 1]:
                time.sleep(pause)
                runs_of[name].append(rehearse(columns[name].command, places[name]))
                say(f"run {turn + 1} of {runs}, {name}: {runs_of[name][-1].cost.clock:.1f} s")
    finally:
        for name, folder in places.items():
            _run_command(columns[name].last, folder)
    return {
        name: {figure: _summarize(value_of, runs_done) for figure, value_of in FIGURES.items()}
        for name, runs_done in runs_of.items()
    }


def rehearse(command: Sequence[str], folder: Path) -> Run:
    """Run `command` once in `folder`, and return the run. Exits if it is red, since a red run is a shorter one."""
    result_file = folder.parent / RESULT
    result_file.unlink(missing_ok=True)
    spent = cost(lambda: _run_command([str(result_file) if part == "{json}" else part for part in command], folder))
    result = json.loads(result_file.read_text())
    builds = [
        f"{stage['name']}/{action['name']}"
        for stage in result["stages"]
        for action in stage["actions"]
        if action["provider"] == "Build/CodeBuild" and action["seconds"] is not None
    ]
    logs = [_run_command([*REHEARSAL, "logs", build], folder) for build in builds]
    return Run(spent, result, commands.union_seconds(interval for log in logs for interval in commands.intervals(log)))


def _run_command(command: Sequence[str], folder: Path) -> str:
    """Run a command and return its output. Exits if it fails."""
    if not command:
        return ""
    home, log = folder.parent / "home", folder.parent / "log"
    home.mkdir(exist_ok=True)
    path = os.pathsep.join([*map(str, TOOLS), os.environ.get("PATH", os.defpath)])
    environ = {**os.environ, "HOME": str(home), "PATH": path, "PYTHONPATH": str(ROOT)}
    with log.open("wb") as out:
        done = subprocess.run(command, cwd=folder, env=environ, stdout=out, stderr=subprocess.STDOUT, check=False)
    printed = log.read_text(errors="replace")
    if done.returncode:
        last = "\n".join(printed.splitlines()[-15:])
        raise SystemExit(f"bench: `{' '.join(command)}` in {folder} ended with {done.returncode}; its end:\n{last}")
    return printed


def markdown(scenarios: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a table for each scenario; the ratio is that of the first column's median to the last one's."""
    return "\n".join(line for name, columns in scenarios.items() for line in _table(name, columns))


def _table(name: str, columns: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"### {name[0].upper()}{name[1:]}", "")
    yield f"| median (least to most) | {' | '.join(columns)} | first to last |"
    yield f"|---|{'---:|' * (len(columns) + 1)}"
    for figure in FIGURES:
        values = [column[figure] for column in columns.values()]
        cells = [f"{value['median']:.1f} ({min(value['all']):.1f} to {max(value['all']):.1f})" for value in values]
        first, last = values[0]["median"], values[-1]["median"]
        yield f"| {figure} | {' | '.join(cells)} | {f'{first / last:.2f}' if last else '-'} |"


def _summarize(figure: Callable[[Run], float], runs: Sequence[Run]) -> dict[str, Any]:
    values = [round(figure(rehearsal), 2) for rehearsal in runs]
    return {"median": round(median(values), 2), "all": values}
