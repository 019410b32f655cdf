"""The list of tests is complete at the level of functions."""

from __future__ import annotations

from tests.upgrade.node_ids import functions


def test_parameters_are_left_out() -> None:
    """One function is one name, whatever its parameters; summary lines are no names."""
    printed = "tests/a.py::test_b[x::y]\ntests/a.py::test_b[z]\ntests/a.py::Test::test_c\n\n3 tests collected in 0.1s\n"
    assert functions(printed) == {"tests/a.py::test_b", "tests/a.py::Test::test_c"}
