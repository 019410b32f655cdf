"""A page of the project that holds a generated table between two marks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cdk_delivery.errors import WrongUse


@dataclass(frozen=True)
class Marks:
    """The lines before and after the table."""

    begin: str
    end: str


def replace_table(root: Path, page: str, marks: Marks, table: str) -> str:
    """Return the text of `page` below `root` with its table replaced. Raises WrongUse without page or marks."""
    try:
        text = (root / page).read_text()
    except FileNotFoundError as error:
        raise WrongUse(f"there is no {page} in {root}; pyproject.toml [tool.delivery.pages] names it") from error
    before, begin, rest = text.partition(marks.begin)
    _, end, after = rest.partition(marks.end)
    if not (begin and end):
        raise WrongUse(f"{page} needs the lines {marks.begin} and {marks.end}")
    return f"{before}{begin}\n\n{table}\n{end}{after}"
