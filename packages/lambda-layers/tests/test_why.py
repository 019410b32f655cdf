"""`why` agrees with the build for every restriction of a dependency in Poetry."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lambda_layers.analysis.why import explain, why
from lambda_layers.locks.groups import requirements_by_group
from lambda_layers.poetry.constraints import marker_of
from lambda_layers.poetry.export import export
from lambda_layers.subprocesses import find_tool, run
from lambda_layers.target.platform import Target
from tests.projects import TARGET as TARGET_SETTINGS
from tests.projects import Project
from tests.root import ROOT
from tests.wheels import House

TARGET = Target("3.13", "x86_64")


@pytest.fixture
def locked(project: Project, house: House) -> Path:
    """A project with requirements in many forms, locked by Poetry."""
    names = ["optional", "windows", "old", "current", "dev-tool", "boto3"]
    path = {name: house.wheel(name).path for name in names}
    root = project.write({"main": []})
    (root / "pyproject.toml").write_text(f"""
[tool.poetry]
package-mode = false
[tool.poetry.dependencies]
python = ">=3.12,<3.15"
optional = {{path = "{path["optional"]}", optional = true}}
windows = {{path = "{path["windows"]}", platform = "win32"}}
old = {{path = "{path["old"]}", python = "<3.13"}}
current = {{path = "{path["current"]}", python = "^3.12"}}
boto3 = {{path = "{path["boto3"]}", optional = true}}
[tool.poetry.extras]
all = ["optional", "boto3"]
[tool.poetry.dev-dependencies]
dev-tool = {{path = "{path["dev-tool"]}"}}
[tool.layers]
{TARGET_SETTINGS}runtime-provided = "drop"
""")
    run([find_tool("poetry", ROOT), "lock"], cwd=root)
    return root


@pytest.mark.slow
@pytest.mark.gate
def test_why_says_what_the_build_does(locked: Path) -> None:
    """`why` names a layer only for exported packages, and the reason for the others."""
    exported = {pin.name for pin in export(locked, ["main"])["main"] if TARGET.accepts(pin.marker)}
    names = ("optional", "windows", "old", "current", "dev-tool", "boto3")
    reasons = {name: explain(why(locked, name)[0]) for name in names}
    assert {name for name, text in reasons.items() if text.startswith("layer ")} == exported == {"current"}
    assert reasons["optional"] == "no layer (extra all of the project, which no layer asks for)"
    assert reasons["dev-tool"] == "no layer (group dev)"
    assert reasons["windows"] == 'no layer, not for the target: only where sys_platform == "win32" (group main)'
    assert reasons["old"].startswith("no layer, not for the target: only where python_")


@pytest.mark.slow
@pytest.mark.gate
def test_extras_of_the_project_are_named(project: Project, house: House) -> None:
    """`why` names an extra of `[project.optional-dependencies]`, which is not exported."""
    wheel = house.wheel("more")
    root = project.write({"main": []})
    text = (root / "pyproject.toml").read_text()
    extra = f'[project.optional-dependencies]\npep = ["more @ {wheel.path.as_uri()}"]\n'
    (root / "pyproject.toml").write_text(text.replace("[dependency-groups]", f"{extra}[dependency-groups]"))
    run([find_tool("poetry", ROOT), "lock"], cwd=root)
    assert export(root, ["main"]) == {"main": []}
    assert [explain(reason) for reason in why(root, "more")] == [
        "no layer (extra pep of the project, which no layer asks for)"
    ]


@pytest.mark.slow
@pytest.mark.gate
@pytest.mark.parametrize("static", ["base", ""])
def test_groups_are_those_that_poetry_exports(project: Project, house: House, static: str) -> None:
    """Poetry's tables count only if there are no requirements of PEP 621 and PEP 735."""
    need = f'["base @ {house.wheel("base").path.as_uri()}"]' if static else "[]"
    extra = f'extra = {{path = "{house.wheel("extra").path}"}}'
    root = project.write({"main": []})
    (root / "pyproject.toml").write_text(
        f'[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.12,<3.15"\ndependencies = {need}\n'
        f"[dependency-groups]\none = {need}\n[tool.poetry]\npackage-mode = false\n"
        f"[tool.poetry.dependencies]\n{extra}\n[tool.poetry.group.one.dependencies]\n{extra}\n"
    )
    run([find_tool("poetry", ROOT), "lock"], cwd=root)
    exported = {group: {pin.name for pin in pins} for group, pins in export(root, ["main", "one"]).items()}
    asked = requirements_by_group(tomllib.loads((root / "pyproject.toml").read_text()))
    assert {group: {need.name for need in needs} for group, needs in asked.items()} == exported
    assert exported == {"main": {static or "extra"}, "one": {static or "extra"}}


@pytest.mark.gate
def test_why_never_prints_nothing(project: Project, house: House) -> None:
    """`why` reports a locked package that nothing requires."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    text = (root / "pyproject.toml").read_text()
    (root / "pyproject.toml").write_text(text.replace('["base"]', "[]"))
    assert [explain(reason) for reason in why(root, "base")] == [
        "no layer (the lock has it, and no group and no extra asks for it)"
    ]


@pytest.mark.parametrize(
    ("facts", "fits"),
    [
        ({}, True),
        ({"python": "^3.12"}, True),
        ({"python": "~3.12"}, False),
        ({"python": "~3.13"}, True),
        ({"python": "3.13"}, True),
        ({"python": "3.12.*"}, False),
        ({"python": ">=3.8,<3.13"}, False),
        ({"python": "<3.9 || >=3.13"}, True),
        ({"python": "~2.7 || ^3.6"}, True),
        ({"python": "*"}, True),
        ({"python": "!=3.13.*"}, False),
        ({"platform": "win32"}, False),
        ({"platform": "linux"}, True),
        ({"platform": "linux || darwin"}, True),
        ({"platform": "!=linux"}, False),
        ({"markers": "os_name == 'nt'"}, False),
        ({"markers": "os_name == 'posix' or os_name == 'nt'", "python": "<3.13"}, False),
    ],
)
def test_poetry_s_restrictions_are_markers(facts: dict[str, str], fits: bool) -> None:
    """Poetry's Python constraints and platforms are converted to markers."""
    assert TARGET.accepts(marker_of(facts)) is fits
