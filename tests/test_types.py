"""The types of the packages: few explicit `Any`, at the edge of third parties only."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from tests.root import ROOT

# The allowed number of annotations with Any in each package; a higher one needs a reason.
MOST = {"console": 4, "delivery": 10, "lambda-layers": 22, "rehearsal": 14}


def any_annotations(source: Path) -> list[str]:
    """Return the place of each use of Any below a folder."""
    uses = [
        (file.relative_to(source), node.lineno)
        for file in source.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Name) and node.id == "Any"
    ]
    return [f"{file}:{line}" for file, line in sorted(uses)]


@pytest.mark.parametrize("package", sorted(MOST))
def test_a_package_has_few_annotations_with_any(package: str) -> None:
    """A package has at most the allowed number of annotations with Any."""
    places = any_annotations(ROOT / "packages" / package / "src")
    assert len(places) <= MOST[package], places


def test_every_package_is_counted() -> None:
    """Every package has an allowed number."""
    assert sorted(MOST) == sorted(folder.parent.name for folder in ROOT.glob("packages/*/src"))


def test_checked_folders_exist() -> None:
    """Each folder in mypy's override without Any exists, since mypy ignores a pattern without modules."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    (names,) = (part["module"] for part in settings["overrides"] if part.get("disallow_any_explicit"))
    folders = [name.removesuffix(".*").replace(".", "/") for name in names]
    assert [folder for folder in folders if not list(ROOT.glob(f"packages/*/src/{folder}"))] == []


@pytest.mark.gate
def test_an_annotation_with_any_is_found(tmp_path: Path) -> None:
    """Any is found in annotations of parameters, results and variables, not in text."""
    text = 'from typing import Any\n\n\ndef one(x: Any) -> dict[str, Any]:\n    """Any."""\n    y: list[Any] = [x]\n'
    (tmp_path / "module.py").write_text(text)
    assert any_annotations(tmp_path) == ["module.py:4", "module.py:4", "module.py:6"]
