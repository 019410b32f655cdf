"""The names of all tests."""

from __future__ import annotations

import sys

from tests.upgrade.commands import environment, run

# The integration tests are collected by themselves, as `make integration` runs them.
_PARTS = (
    ["tests", "--ignore=tests/upgrade"],
    ["tests/integration", "--confcutdir=tests/integration"],
)


def collect() -> list[str]:
    """Return the node id of each test function, sorted, without parameters; the tests of this folder are left out."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider"]
    return sorted({id_ for part in _PARTS for id_ in functions(run([*command, *part], environment()))})


def functions(printed: str) -> set[str]:
    """Return the node ids in the output of `pytest --collect-only --quiet`, without parameters."""
    return {line.partition("[")[0] for line in printed.splitlines() if "::" in line}
