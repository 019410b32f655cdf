"""The requirements of a project by group: of `[project]`, `[dependency-groups]`, and tables of Poetry and uv."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lambda_layers.errors import WrongUse
from lambda_layers.poetry.constraints import marker_of

MAIN = "main"
# The group of `[tool.poetry.dev-dependencies]` and `[tool.uv] dev-dependencies`, which are older than groups.
_DEV = "dev"


def requirements_by_group(pyproject: Mapping[str, Any]) -> dict[str, tuple[Requirement, ...]]:
    """Return group -> its requirements, without Poetry's version constraints; names are canonical.

    `main` is the group of the shared layer. Raises WrongUse if groups include each other in a circle.
    """
    project, tool = pyproject.get("project", {}), pyproject.get("tool", {})
    direct = {MAIN: _requirements(project.get("dependencies", []))}
    included: dict[str, list[str]] = {}
    for name, needs in pyproject.get("dependency-groups", {}).items():
        direct[canonicalize_name(name)] = _requirements(need for need in needs if isinstance(need, str))
        included[canonicalize_name(name)] = [need["include-group"] for need in needs if not isinstance(need, str)]
    # in addition to requirements of PEP 621 and PEP 735, Poetry's table only has sources and similar fields
    complete = {name for name, needs in direct.items() if needs}
    complete -= {MAIN} if "dependencies" in project.get("dynamic", ()) else set()
    for name, group in _poetry_groups(tool.get("poetry", {})):
        if name not in complete:
            direct.setdefault(name, []).extend(_poetry_requirements(group.get("dependencies", {})))
        included.setdefault(name, []).extend(group.get("include-groups", []))
    if old := tool.get("uv", {}).get("dev-dependencies"):
        direct.setdefault(_DEV, []).extend(_requirements(old))
    return {name: tuple(_with_included_groups((name,), direct, included)) for name in direct}


def requirements_by_extra(pyproject: Mapping[str, Any]) -> dict[str, tuple[Requirement, ...]]:
    """Return extra of the project -> its requirements. Layers use no extra."""
    extras = pyproject.get("project", {}).get("optional-dependencies", {})
    by_extra = {canonicalize_name(name): _requirements(needs) for name, needs in extras.items()}
    for name, needs in pyproject.get("tool", {}).get("poetry", {}).get("extras", {}).items():
        by_extra.setdefault(canonicalize_name(name), []).extend(_requirements(needs))
    return {name: tuple(needs) for name, needs in by_extra.items()}


def _poetry_groups(poetry: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield MAIN, poetry
    if "dev-dependencies" in poetry:
        yield _DEV, {"dependencies": poetry["dev-dependencies"]}
    yield from ((canonicalize_name(name), group) for name, group in poetry.get("group", {}).items())


def _with_included_groups(
    path: tuple[str, ...], direct: Mapping[str, Sequence[Requirement]], included: Mapping[str, Sequence[str]]
) -> Iterator[Requirement]:
    """Yield the requirements of a group, then those of the groups that it includes."""
    yield from direct.get(path[-1], ())
    for name in map(canonicalize_name, included.get(path[-1], ())):
        if name in path:
            raise WrongUse(f"pyproject.toml: groups include each other in a circle: {' -> '.join([*path, name])}")
        yield from _with_included_groups((*path, name), direct, included)


def _poetry_requirements(table: Mapping[str, Any]) -> Iterator[Requirement]:
    """Yield the dependencies of a Poetry table, without the optional ones, which belong to extras."""
    for name, conditions in table.items():
        if canonicalize_name(name) == "python":
            continue
        for option in conditions if isinstance(conditions, list) else [conditions]:
            fields = option if isinstance(option, dict) else {}
            if not fields.get("optional"):
                extras, marker = fields.get("extras", []), marker_of(fields)
                yield from _requirements([f"{name}[{','.join(extras)}]" + (f" ; {marker}" if marker else "")])


def _requirements(texts: Iterable[str]) -> list[Requirement]:
    requirements: list[Requirement] = []
    for text in texts:
        try:
            requirements.append(Requirement(text))
        except InvalidRequirement as error:
            raise WrongUse(f"pyproject.toml: {text!r} is not a requirement: {error}") from error
    return requirements
