"""Each test of 42d74c1 has a successor that keeps its promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.upgrade.node_ids import collect, functions, read, successors, without_successor


def test_test_functions_and_methods_are_names() -> None:
    """Only test functions and methods of test classes are names, not helpers or fixtures."""
    source = "def helper(): ...\ndef test_a(): ...\nclass Played:\n  def test_b(self): ...\n"
    source += "class TestC:\n  def test_d(self): ...\n"
    assert [*functions(source)] == ["test_a", "TestC::test_d"]


def test_tests_of_the_project_and_of_packages_are_read(tmp_path: Path) -> None:
    """The ids have the path; data of tests is not read."""
    for folder in ("tests", "packages/demo/tests", "tests/cases", "packages/demo/src"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "test_a.py").write_text("def test_b(): ...\n")
    assert collect(tmp_path) == {"tests/test_a.py::test_b", "packages/demo/tests/test_a.py::test_b"}


def test_a_successor_has_the_same_name_and_the_nearest_path() -> None:
    """A moved test is found by its name and the nearest path; a renamed one keeps the table's successor."""
    table = {"a/one.py::test_a": "a/one.py::test_a", "a/one.py::test_b": "b/one.py::test_renamed"}
    present = {"p/a/one.py::test_a", "q/z.py::test_a", "b/one.py::test_renamed"}
    assert successors(table, present) == {
        "a/one.py::test_a": "p/a/one.py::test_a",
        "a/one.py::test_b": "b/one.py::test_renamed",
    }


@pytest.mark.gate
def test_a_test_that_is_gone_is_found() -> None:
    """The check finds a test without a successor."""
    assert without_successor({"a.py::test_a": "b.py::test_a"}, {"c.py::test_a"}) == ["a.py::test_a"]


def test_no_test_is_lost() -> None:
    """Every id in the table has an existing successor."""
    assert without_successor(read(), collect()) == []
