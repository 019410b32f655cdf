"""docs/add-a-dependency.md, followed up to the use of an index."""

from pathlib import Path

import pytest

from tests.docs.page import Page
from tests.root import ROOT

PAGE = Page(ROOT / "docs" / "add-a-dependency.md")


@pytest.mark.slow
def test_what_the_page_says_is_refused_is_refused(copy: Path) -> None:
    """An import without a dependency and a stale lock are rejected with the messages of the page."""
    PAGE.follow(copy)
    assert "import slugify" in (copy / "lambda" / "echo2" / "main.py").read_text()
