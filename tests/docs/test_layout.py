"""docs/layout.md has every folder of the packages, and only existing ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.root import ROOT

PAGE = (ROOT / "docs" / "layout.md").read_text()


def folders(package: Path) -> list[str]:
    """Return the top folders of a package's source."""
    (source,) = (package / "src").iterdir()
    return sorted(folder.name for folder in source.iterdir() if (folder / "__init__.py").exists())


def missing(page: str) -> Iterator[str]:
    """Yield the folders of the packages that the page does not name."""
    for package in sorted(ROOT.glob("packages/*/")):
        section = page.partition(f"## packages/{package.name}:")[2].partition("\n## ")[0]
        yield from (f"{package.name}: {name}" for name in folders(package) if f"  {name}/" not in section)


def test_every_folder_is_in_the_page() -> None:
    """The page names every folder of every package."""
    assert list(missing(PAGE)) == []


@pytest.mark.gate
def test_a_folder_that_is_not_in_the_page_is_found() -> None:
    """The check finds a folder that the page does not name."""
    assert list(missing(PAGE.replace("  builder/ ", "  build/ "))) == ["lambda-layers: builder"]


def test_the_modules_that_are_named_exist() -> None:
    """Each module that the page names exists in its package."""
    sections = re.findall(r"^## packages/([\w-]+):.*?\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    assert len(sections) == len([*ROOT.glob("packages/*/")])
    for name, section in sections:
        there = {file.name for file in (ROOT / "packages" / name / "src").rglob("*.py")}
        assert set(re.findall(r"\b(\w+\.py)\b", section)) <= there
