"""docs/add-a-dependency.md, followed up to the use of an index."""

import re
from pathlib import Path

import pytest

from lambda_layers.analysis import report
from tests.docs.page import Page
from tests.root import ROOT

PAGE = Page(ROOT / "docs" / "add-a-dependency.md")
DIFF = re.compile(r"^\$ lambda-layers diff \S+\nAgainst \S+\n(.*)", re.MULTILINE)


@pytest.mark.slow
def test_what_the_page_says_is_refused_is_refused(copy: Path) -> None:
    """An import without a dependency and a stale lock are rejected with the messages of the page."""
    PAGE.follow(copy)
    assert "import slugify" in (copy / "lambda" / "echo2" / "main.py").read_text()


@pytest.mark.parametrize("name", ["add-a-dependency", "layers"])
def test_a_diff_has_the_columns_that_are_printed(name: str) -> None:
    """A page's example of `lambda-layers diff`, which needs an index, has the columns of the printed table."""
    (columns,) = DIFF.findall((ROOT / "docs" / f"{name}.md").read_text())
    assert columns.split() == report.changes_table([], "HEAD").text().splitlines()[1].split()
