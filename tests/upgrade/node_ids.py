"""The names of all tests, and which test keeps the promise of each test of 42d74c1."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from difflib import SequenceMatcher
from pathlib import Path

from tests.root import ROOT
from tests.upgrade.commands import environment, run
from tests.upgrade.recorded import FOLDER

TABLE = FOLDER / "tests.tsv"
_PARTS = (
    ["tests", "--ignore=tests/upgrade"],
    ["tests/integration", "--confcutdir=tests/integration"],
)


def collect() -> set[str]:
    """Return the node id of each test function, without parameters; the tests of this folder are left out."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider"]
    ids = {id_ for part in _PARTS for id_ in functions(run([*command, *part], environment()))}
    for package in sorted(ROOT.glob("packages/*/")):
        folder = package.relative_to(ROOT).as_posix()
        ids |= {f"{folder}/{id_}" for id_ in functions(run([*command, folder], environment()))}
    return ids


def functions(printed: str) -> set[str]:
    """Return the node ids in the output of `pytest --collect-only --quiet`, without parameters."""
    return {line.partition("[")[0] for line in printed.splitlines() if "::" in line}


def read() -> dict[str, str]:
    """Return the table: the id at 42d74c1 -> the id of its successor."""
    return dict(line.split("\t") for line in TABLE.read_text().splitlines())


def write(table: Mapping[str, str]) -> Path:
    """Write the table; return its path."""
    TABLE.write_text("".join(f"{old}\t{new}\n" for old, new in sorted(table.items())))
    return TABLE


def successors(table: Mapping[str, str], present: set[str]) -> dict[str, str]:
    """Return the table; an id whose successor is gone gets a present test of the same name, if there is one."""
    by_name: dict[str, list[str]] = {}
    for id_ in sorted(present):
        by_name.setdefault(id_.partition("::")[2], []).append(id_)
    return {
        old: new if new in present else _nearest(old, by_name.get(old.partition("::")[2], [new]))
        for old, new in table.items()
    }


def _nearest(old: str, candidates: list[str]) -> str:
    return max(candidates, key=lambda new: SequenceMatcher(None, old, new).ratio())


def without_successor(table: Mapping[str, str], present: set[str]) -> list[str]:
    return sorted(old for old, new in table.items() if new not in present)
