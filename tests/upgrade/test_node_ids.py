"""Each test of 42d74c1 has a successor that keeps its promise."""

from __future__ import annotations

import pytest

from tests.upgrade.node_ids import collect, functions, read, successors, without_successor


def test_parameters_are_left_out() -> None:
    """One function is one name, whatever its parameters; summary lines are no names."""
    printed = "tests/a.py::test_b[x::y]\ntests/a.py::test_b[z]\ntests/a.py::Test::test_c\n\n3 tests collected in 0.1s\n"
    assert functions(printed) == {"tests/a.py::test_b", "tests/a.py::Test::test_c"}


def test_a_successor_has_the_same_name_and_the_nearest_path() -> None:
    """One that was renamed keeps the successor that the table names."""
    table = {"a/one.py::test_a": "a/one.py::test_a", "a/one.py::test_b": "b/one.py::test_renamed"}
    present = {"p/a/one.py::test_a", "q/z.py::test_a", "b/one.py::test_renamed"}
    assert successors(table, present) == {
        "a/one.py::test_a": "p/a/one.py::test_a",
        "a/one.py::test_b": "b/one.py::test_renamed",
    }


@pytest.mark.gate
def test_a_test_that_is_gone_is_found() -> None:
    """So that the test below can go red."""
    assert without_successor({"a.py::test_a": "b.py::test_a"}, {"c.py::test_a"}) == ["a.py::test_a"]


@pytest.mark.slow
def test_no_test_is_lost() -> None:
    """Every id in the table leads to a test that is collected."""
    assert without_successor(read(), collect()) == []
