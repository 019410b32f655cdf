"""What a project asks for, by group: from `[project]`, `[dependency-groups]` and Poetry's own tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MAIN = "main"


def asked(pyproject: Mapping[str, Any]) -> dict[str, tuple[Requirement, ...]]:
    """Group -> its requirements, versions aside; `main` is what every function gets."""
    project, poetry = pyproject.get("project", {}), pyproject.get("tool", {}).get("poetry", {})
    named: Mapping[str, Any] = pyproject.get("dependency-groups", {})
    tables = {name: group.get("dependencies", {}) for name, group in poetry.get("group", {}).items()}
    found = {MAIN: [Requirement(need) for need in project.get("dependencies", [])]}
    found |= {name: list(_included(name, named)) for name in named}
    for name, table in {MAIN: poetry.get("dependencies", {}), **tables}.items():
        found.setdefault(name, []).extend(_table(table))
    return {name: tuple(needs) for name, needs in found.items()}


def _included(name: str, groups: Mapping[str, Any]) -> Iterator[Requirement]:
    for need in groups.get(name, []):
        if isinstance(need, str):
            yield Requirement(need)
        else:
            yield from _included(need["include-group"], groups)


def _table(table: Mapping[str, Any]) -> Iterator[Requirement]:
    for name, given in table.items():
        if canonicalize_name(name) == "python":
            continue
        for option in given if isinstance(given, list) else [given]:
            facts = option if isinstance(option, dict) else {}
            extras, marker = facts.get("extras", []), facts.get("markers", "")
            yield Requirement(f"{name}[{','.join(extras)}]" + (f" ; {marker}" if marker else ""))
