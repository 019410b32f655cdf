"""The table of gates at the end of a run. Rows are part of the tests' reports, which parallel workers send."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

_ROW = "gate"


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Add a row for each fault that a test plants, from its parameter `gates` or its name."""
    for item in items:
        if item.get_closest_marker("gate"):
            item.user_properties.extend((_ROW, row) for row in _rows(item))


def _rows(item: pytest.Item) -> list[tuple[str, str]]:
    callspec = getattr(item, "callspec", None)
    gates = callspec.params.get("gates") if callspec else None
    if gates:
        return [(gate.name, gate.fault) for gate in gates]
    path = item.path.relative_to(item.config.rootpath / "tests").with_suffix("").as_posix().replace("test_", "")
    name, _, case = item.name.removeprefix("test_").partition("[")
    return [(path, name.replace("_", " ") + (f" ({case.removesuffix(']')})" if case else ""))]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table; a gate whose test failed did not catch its fault."""
    reports = [report for kind in ("passed", "failed", "error") for report in terminalreporter.stats.get(kind, [])]
    rows = {
        tuple(row): report.passed
        for report in reports
        for key, row in getattr(report, "user_properties", ())
        if key == _ROW and (report.when == "call" or report.failed)
    }
    failed = any(terminalreporter.stats.get(kind) for kind in ("failed", "error"))
    for (gate, fault), caught in sorted(rows.items()):
        if caught and failed:
            continue
        terminalreporter.write_line(
            f"{gate.replace('/', ': '):<40} {fault[:90]:<90} {'caught' if caught else 'NOT CAUGHT'}"
        )
