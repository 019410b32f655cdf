"""The names of all tests, and the successor of each test of 42d74c1."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path

from tests.root import ROOT
from tests.upgrade.recorded import FOLDER

TABLE = FOLDER / "tests.tsv"
# Folders without collected tests: data of tests, and this folder.
_LEFT_OUT = ("cases", "app", "events", "build", "upgrade")


def collect(root: Path = ROOT) -> set[str]:
    """Return the node id of each test function, without parameters; the tests of this folder are left out.

    They are read from the sources: pytest would import all of them, which takes half a minute.
    """
    files = [*root.glob("tests/**/test_*.py"), *root.glob("packages/*/tests/**/test_*.py")]
    paths = [file.relative_to(root) for file in files]
    return {
        f"{path.as_posix()}::{name}"
        for path in paths
        if not set(_LEFT_OUT) & set(path.parts)
        for name in functions((root / path).read_text())
    }


def functions(source: str) -> Iterator[str]:
    """Return the names of test functions and, with their class, of test methods."""
    return _names(ast.parse(source).body)


def _names(statements: Iterable[ast.stmt]) -> Iterator[str]:
    for node in statements:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from (f"{node.name}::{name}" for name in _names(node.body))


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
