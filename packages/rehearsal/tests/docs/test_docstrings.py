"""Docstrings: the names that they explain, as in `seconds: the time limit.`, exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.root import PACKAGE

SOURCE = PACKAGE / "src" / "rehearsal"
EXPLAINED = re.compile(r"(?:^|\. )([a-z_]+(?:, [a-z_]+)*): ")


def unknown_names(source: str) -> Iterator[str]:
    """Yield the names that docstrings of functions and classes explain, and that these do not have."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and (
            text := ast.get_docstring(node)
        ):
            known = set(names(node))
            for match in EXPLAINED.finditer(" ".join(text.split())):
                yield from (f"{node.name}: {name}" for name in match[1].split(", ") if name not in known)


def names(node: ast.AST) -> Iterator[str]:
    """Yield the parameters of a function, and the fields, methods and attributes of a class."""
    for inner in ast.walk(node):
        match inner:
            case ast.arg(arg=name) | ast.Attribute(attr=name) | ast.FunctionDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case _:
                pass


def test_docstrings_explain_names_that_exist() -> None:
    """Each name that a docstring explains is a parameter, a field or an attribute."""
    unknown = [f"{file}: {name}" for file in SOURCE.rglob("*.py") for name in unknown_names(file.read_text())]
    assert unknown == []


@pytest.mark.gate
def test_an_explanation_of_a_renamed_parameter_is_found() -> None:
    """A docstring that explains a parameter by its earlier name is found."""
    source = 'def run(seconds: float) -> None:\n    """Run. limit: the time limit. seconds, wait: as above."""\n'
    assert [*unknown_names(source)] == ["run: limit", "run: wait"]
