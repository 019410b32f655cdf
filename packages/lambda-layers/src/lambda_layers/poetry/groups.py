"""What a project asks for, by group: from `[project]`, `[dependency-groups]` and Poetry's own tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lambda_layers.errors import WrongUse

MAIN = "main"


def requirements_by_group(pyproject: Mapping[str, Any]) -> dict[str, tuple[Requirement, ...]]:
    """Group -> its requirements, versions aside; `main` is what every function gets, and names are canonical.

    Raises WrongUse where groups include each other in a circle.
    """
    project, poetry = pyproject.get("project", {}), pyproject.get("tool", {}).get("poetry", {})
    own = {MAIN: [Requirement(need) for need in project.get("dependencies", [])]}
    included: dict[str, list[str]] = {}
    for name, needs in pyproject.get("dependency-groups", {}).items():
        own[canonicalize_name(name)] = [Requirement(need) for need in needs if isinstance(need, str)]
        included[canonicalize_name(name)] = [need["include-group"] for need in needs if not isinstance(need, str)]
    for name, group in {MAIN: poetry, **poetry.get("group", {})}.items():
        own.setdefault(canonicalize_name(name), []).extend(_poetry_requirements(group.get("dependencies", {})))
        included.setdefault(canonicalize_name(name), []).extend(group.get("include-groups", []))
    return {name: tuple(_with_included_groups((name,), own, included)) for name in own}


def _with_included_groups(
    way: tuple[str, ...], own: Mapping[str, Sequence[Requirement]], included: Mapping[str, Sequence[str]]
) -> Iterator[Requirement]:
    """Yield the requirements of a group, and then those of the groups that it includes."""
    yield from own.get(way[-1], ())
    for name in map(canonicalize_name, included.get(way[-1], ())):
        if name in way:
            raise WrongUse(f"pyproject.toml: groups include each other in a circle: {' -> '.join([*way, name])}")
        yield from _with_included_groups((*way, name), own, included)


def _poetry_requirements(table: Mapping[str, Any]) -> Iterator[Requirement]:
    for name, given in table.items():
        if canonicalize_name(name) == "python":
            continue
        for option in given if isinstance(given, list) else [given]:
            facts = option if isinstance(option, dict) else {}
            extras, marker = facts.get("extras", []), facts.get("markers", "")
            yield Requirement(f"{name}[{','.join(extras)}]" + (f" ; {marker}" if marker else ""))
