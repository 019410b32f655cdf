"""What every team would copy unchanged knows nothing of this team, by imports and by names."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.catalog import FUNCTIONS
from tests.root import ROOT

PACKAGES = ("pipeline", "stages", "compliance", "layers", "rehearsal", "lambda", "bench")
TEAM = {ROOT / "pipeline" / "stack.py", ROOT / "pipeline" / "steps.py"}
# Folders that are this team's, and the names of its stack and functions.
NAMES = ["Echo", *(function.name for function in FUNCTIONS)]
OWN = re.compile(rf"\b({'|'.join(NAMES)})\b|\b(stages[/.]|(lambda|tests|docs|pipeline/access)/)\w")


def own_names(source: str) -> Iterator[str]:
    """The texts of a module that name something of this team; identifiers, such as click.echo, are no texts."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and OWN.search(node.value):
            yield node.value


def test_no_text_of_the_machinery_names_this_team() -> None:
    """No stage, stack, function or path: those come from pyproject.toml and from the team's own stack."""
    files = [*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "compliance").rglob("*.py")]
    found = {file: [*own_names(file.read_text())] for file in files if file not in TEAM}
    assert len(found) > 60
    assert {str(file): texts for file, texts in found.items() if texts} == {}


@pytest.mark.gate
@pytest.mark.parametrize(
    "text",
    [
        "*-Echo-*",
        "the log of echo2",
        "docs/security.md",
        "lambda/other",
        "stages.other",
        "pipeline/access/boundary.json",
    ],
)
def test_a_name_of_this_team_is_found(text: str) -> None:
    """In any text of a module."""
    assert list(own_names(f"x = f'{{y}} {text}'")) == [f" {text}"]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages alone: import-linter needs no more."""
    folder = tmp_path_factory.mktemp("contracts")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "pyproject.toml", folder)
    return folder


TOP = "this team's pipeline is on top of the machinery of deliveries, which knows nothing of it"


@pytest.mark.gate
@pytest.mark.parametrize(
    ("module", "imported", "contract"),
    [
        ("pipeline/constructs/odd.py", "pipeline.stack", TOP),
        ("pipeline/delivery_odd.py", "os", TOP),
        ("pipeline/settings/odd.py", "stages.catalog", "the machinery of deliveries knows no project"),
        ("pipeline/layers_odd.py", "layers.settings", "the machinery of deliveries knows no project"),
        ("pipeline/changes/odd.py", "yaml", "what runs in the changes and integration builds needs boto3 only"),
        ("pipeline/errors.py", "pydantic", "what runs in the changes and integration builds needs boto3 only"),
        ("stages/odd.py", "pipeline.steps", "stages know compliance and the machinery of deliveries, and no pipeline"),
    ],
)
def test_a_planted_import_is_red(original: Path, tmp_path: Path, module: str, imported: str, contract: str) -> None:
    """By the contract that forbids it, whether a module imports it or something that a module imports."""
    folder = tmp_path / "project"
    shutil.copytree(original, folder)
    with (folder / module).open("a") as file:
        file.write(f"\nimport {imported}\n")
    linter = str(Path(sys.executable).with_name("lint-imports"))
    done = subprocess.run([linter, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)
    said = re.sub(r"\s+", " ", done.stdout)
    assert done.returncode == 1, said
    assert f"{contract} BROKEN" in said
