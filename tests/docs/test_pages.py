"""The files, links and make targets of the pages exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.service_options import ServiceOptions
from tests.root import ROOT

# Repeated here, since a generated project does not have conftest.py.
pytestmark = pytest.mark.pages

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
REFERENCES = [*sorted(ROOT.glob("packages/*/README.md")), *sorted(ROOT.glob("packages/*/docs/*.md"))]
FOLDERS = ("lambda", "stages", "pipeline", "packages", "tests", "docs", "bin")
RULES = re.findall(r"^([\w ]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
TARGETS = {target for rule in RULES for target in rule.split()}


def named(page: Path) -> Iterator[str]:
    """Yield the project's files that a page names in backticks."""
    for text in re.findall(r"`([\w./-]+)`", page.read_text()):
        if text.startswith(tuple(f"{folder}/" for folder in FOLDERS)):
            yield text


@pytest.mark.parametrize("page", [*PAGES, *REFERENCES], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Links to other pages and files of this project exist."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_files_and_targets_exist(page: Path) -> None:
    """Named files and make targets exist, except files that the page itself writes."""
    written = re.findall(r"^```\w+ (\S+)$", page.read_text(), re.MULTILINE)
    assert [name for name in named(page) if not (ROOT / name).exists() and name not in written] == []
    assert set(re.findall(r"`make (\w+)", page.read_text())) <= TARGETS


def test_every_setting_of_the_service_is_in_its_table() -> None:
    """The table of docs/service.md has every setting with its default."""
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \|", (ROOT / "docs" / "service.md").read_text(), re.MULTILINE)
    shown = {"None": "none", "True": "true", "False": "false"}
    defaults = {name: str(field.default) for name, field in ServiceOptions.model_fields.items()}
    assert {name: value.strip("`") for name, value in rows} == {
        name: shown.get(value, value) for name, value in defaults.items()
    }


@pytest.mark.gate
def test_a_broken_link_is_found(tmp_path: Path) -> None:
    """The check finds a broken link."""
    page = tmp_path / "page.md"
    page.write_text("[nowhere](nowhere.md)")
    with pytest.raises(AssertionError, match=r"nowhere\.md"):
        test_links_lead_somewhere(page)
