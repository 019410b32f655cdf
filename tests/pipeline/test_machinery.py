"""The delivery package has no name of this team."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from stages.catalog import FUNCTIONS
from tests.root import ROOT

# This team's folders, and the names of its stack and functions.
NAMES = ["Echo", *(function.name for function in FUNCTIONS)]
OWN = re.compile(rf"\b({'|'.join(NAMES)})\b|\b(stages[/.]|(lambda|tests|docs|pipeline/access)/)\w")


def own_names(source: str) -> Iterator[str]:
    """Yield the string constants of a module that have a name of this team."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and OWN.search(node.value):
            yield node.value


def test_no_text_of_the_machinery_names_this_team() -> None:
    """No string of the package names a stage, stack, function or path of this team."""
    files = (ROOT / "packages" / "delivery" / "src").rglob("*.py")
    found = {file: [*own_names(file.read_text())] for file in files}
    assert len(found) > 60
    assert {str(file): texts for file, texts in found.items() if texts} == {}


@pytest.mark.gate
@pytest.mark.parametrize(
    "text",
    [
        "*-Echo-*",
        "the log of echo2",
        "docs/security.md",
        "lambda/other",
        "stages.other",
        "pipeline/access/boundary.json",
    ],
)
def test_a_name_of_this_team_is_found(text: str) -> None:
    """The check finds each kind of name in a string."""
    assert list(own_names(f"x = f'{{y}} {text}'")) == [f" {text}"]
