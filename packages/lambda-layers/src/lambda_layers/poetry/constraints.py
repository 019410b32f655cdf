"""Conversion of Poetry's `python`, `platform` and `markers` of a dependency to environment markers.

Source: Poetry documentation, "Dependency specification": version constraints, python restricted dependencies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_CLAUSE = re.compile(r"(?P<operator>\^|~=?|===?|!=|<=|>=|<|>)?\s*v?(?P<version>[\w.*+!-]+)")


def marker_of(facts: Mapping[str, Any]) -> str:
    """Return the marker of one dependency in a Poetry table; empty if nothing restricts it."""
    parts = [str(facts.get("markers", ""))]
    parts += [_any_of(str(facts["python"]), "python_full_version")] if "python" in facts else []
    parts += [_any_of(str(facts["platform"]), "sys_platform")] if "platform" in facts else []
    return " and ".join(f"({part})" for part in parts if part)


def _any_of(constraint: str, variable: str) -> str:
    alternatives = re.split(r"\s*\|\|?\s*", constraint.strip())
    markers = [" and ".join(_all_of(alternative, variable)) for alternative in alternatives]
    return " or ".join(f"({marker})" for marker in markers if marker)


def _all_of(constraint: str, variable: str) -> Iterator[str]:
    for match in _CLAUSE.finditer(constraint):
        operator, version = match["operator"] or "==", match["version"]
        if version == "*":
            continue
        if operator in {"^", "~"}:
            yield f'{variable} >= "{version}"'
            yield f'{variable} < "{_upper_bound(version, caret=operator == "^")}"'
        elif operator == "==" and variable == "python_full_version" and not version.endswith("*"):
            yield f'{variable} == "{version}.*"'
        else:
            yield f'{variable} {operator} "{version}"'


def _upper_bound(version: str, *, caret: bool) -> str:
    numbers = [int(part) for part in re.findall(r"\d+", version)]
    if caret:  # the leftmost number that is not zero may not change
        place = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
    else:
        place = min(1, len(numbers) - 1)
    return ".".join(str(number) for number in [*numbers[:place], numbers[place] + 1])
