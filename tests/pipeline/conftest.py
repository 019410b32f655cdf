"""The table of gates, at the end of a run that tried them."""

import pytest

from tests.pipeline.gate_table import ROWS


def pytest_configure(config: pytest.Config) -> None:
    """Each gate that is tried adds a row: its name, the planted fault, whether it went red."""
    config.stash[ROWS] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Gate, fault, red or not."""
    rows = config.stash[ROWS]
    for name, fault, red in rows:
        terminalreporter.write_line(f"{name:<32} {fault:<64} {'red' if red else 'NOT RED'}")
