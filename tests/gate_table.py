"""The table of gates at the end of a run that tried some: which, the planted fault, whether it went red.

Rows travel with the reports of the tests, so that those of workers arrive as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

_ROW = "gate"


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Each test that plants a fault gets a row, by its own words where it says nothing better."""
    for item in items:
        if item.get_closest_marker("gate"):
            item.user_properties.append((_ROW, _row(item)))


def _row(item: pytest.Item) -> tuple[str, str]:
    callspec = getattr(item, "callspec", None)
    gate = callspec.params.get("gate") if callspec else None
    if gate:
        return gate.name, gate.fault
    path = item.path.relative_to(item.config.rootpath / "tests").with_suffix("").as_posix().replace("test_", "")
    name, _, case = item.name.removeprefix("test_").partition("[")
    return path, name.replace("_", " ") + (f" ({case.removesuffix(']')})" if case else "")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A test that failed is a gate that did not go red."""
    reports = [each for kind in ("passed", "failed", "error") for each in terminalreporter.stats.get(kind, [])]
    rows = {
        tuple(row): report.passed
        for report in reports
        for key, row in getattr(report, "user_properties", ())
        if key == _ROW and (report.when == "call" or report.failed)
    }
    for (gate, fault), red in sorted(rows.items()):
        terminalreporter.write_line(f"{gate.replace('/', ': '):<40} {fault[:90]:<90} {'red' if red else 'NOT RED'}")
