"""docs/add-a-dependency.md, followed as far as no index is asked."""

from pathlib import Path

import pytest

from tests.docs.page import Page
from tests.root import ROOT

PAGE = Page(ROOT / "docs" / "add-a-dependency.md")


@pytest.mark.slow
def test_what_the_page_says_is_refused_is_refused(copy: Path) -> None:
    """An import without a dependency, and a lock that does not fit; in the words of the page."""
    PAGE.follow(copy)
    assert "import slugify" in (copy / "lambda" / "echo2" / "main.py").read_text()
