"""Rows of docs/fidelity/: each has an AWS page as its source and a test that exists."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.root import PACKAGE

INDEX = PACKAGE / "docs" / "fidelity.md"
PAGES = {page.name: page.read_text() for page in sorted((PACKAGE / "docs" / "fidelity").glob("*.md"))}
HERE = {"same", "different", "missing", "unverified"}

COLUMNS = ["Behaviour", "Here", "Source", "Test"]
SOURCES = r"https://(docs\.aws\.amazon\.com|github\.com/aws(labs)?|repost\.aws)/"


@dataclass(frozen=True)
class Row:
    behaviour: str
    here: str
    source: str
    test: str


def rows(text: str) -> list[Row]:
    """Return the rows of all tables with the columns COLUMNS, whatever their number of cells."""
    found, inside = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split(" | ")]
        if cells == COLUMNS:
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and set(line) != {"|", "-"}:
            found.append(Row(*cells) if len(cells) == len(COLUMNS) else Row(line, "", "", ""))
    return found


def problems(row: Row, text: str) -> list[str]:
    """Return what a row lacks: `same` and `different` need source and test, `missing` a source, `unverified` a test."""
    found = [] if row.here in HERE else [f"Here is {row.here}; allowed are {', '.join(sorted(HERE))}"]
    reference = re.fullmatch(r"\[([\w-]+)\]", row.source)
    defined = reference and re.search(rf"^\[{reference[1]}\]: {SOURCES}", text, re.MULTILINE)
    if not defined and (reference or row.here != "unverified"):
        found.append("no page of AWS's as its source")
    if row.here != "missing" or row.test != "-":
        path, _, name = row.test.strip("`").partition("::")
        if row.test == "-" or not (PACKAGE / path).exists():
            found.append("no test")
        elif name and f"def {name}(" not in (PACKAGE / path).read_text():
            found.append(f"{path} has no {name}")
    return found


@pytest.mark.parametrize(
    ("page", "row"),
    [pytest.param(page, row, id=row.behaviour[:60]) for page, text in PAGES.items() for row in rows(text)],
)
def test_each_row_has_its_source_and_its_test(page: str, row: Row) -> None:
    """Each row has a source and a test, as its status requires."""
    assert problems(row, PAGES[page]) == []


def test_the_index_has_every_page() -> None:
    """The index links to every page."""
    assert sorted(re.findall(r"\]\(fidelity/([\w-]+\.md)\)", INDEX.read_text())) == sorted(PAGES)


def test_no_behaviour_is_listed_twice() -> None:
    """No two rows describe the same behaviour."""
    names = [row.behaviour for text in PAGES.values() for row in rows(text)]
    assert len(names) > 10
    assert len(names) == len(set(names))


@pytest.mark.gate
@pytest.mark.parametrize(
    "line",
    [
        "| a | perhaps | [page] | `tests/docs/test_fidelity.py` |",
        "| a | same | - | `tests/docs/test_fidelity.py` |",
        "| a | same | [elsewhere] | `tests/docs/test_fidelity.py` |",
        "| a | same | [page] | - |",
        "| a | different | [page] | `tests/none.py` |",
        "| a | unverified | - | `tests/docs/test_fidelity.py::test_none` |",
        "| a | missing | - | - |",
        "| a | same | [page] |",
        "| a | same | [page] | `tests/docs/test_fidelity.py` | b |",
        "| a |",
    ],
)
def test_a_row_without_evidence_is_found(line: str) -> None:
    """Each kind of row without source or test is found."""
    text = (
        f"| Behaviour | Here | Source | Test |\n|---|---|---|---|\n{line}\n\n[page]: https://docs.aws.amazon.com/page\n"
    )
    (row,) = rows(text)
    assert problems(row, text)
