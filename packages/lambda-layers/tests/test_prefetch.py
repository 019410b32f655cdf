"""Packages of the lock are installed while Poetry exports it; Poetry's export decides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lambda_layers.builder import package_builder
from lambda_layers.builder.project_build import build
from lambda_layers.builder.uv_install import install
from lambda_layers.locks.pin import Pin
from lambda_layers.poetry.export import export
from tests.projects import Project
from tests.wheels import House


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """The order of installations and of Poetry's exports."""
    seen: list[tuple[str, list[str]]] = []

    def exported(root: Path, groups: Sequence[str]) -> dict[str, list[Pin]]:
        found = export(root, groups)
        seen.append(("export", sorted({pin.name for pins in found.values() for pin in pins})))
        return found

    def installed(root: Path, pins: Sequence[Pin], *rest: Any, **named: Any) -> None:
        seen.append(("install", [pin.name for pin in pins]))
        install(root, pins, *rest, **named)

    monkeypatch.setattr("lambda_layers.poetry.direct.read_closures", lambda *_: None)
    monkeypatch.setattr("lambda_layers.poetry.export.export", exported)
    monkeypatch.setattr(package_builder, "install", installed)
    return seen


def names(root: Path) -> dict[str, list[str]]:
    """Return layer -> its packages, as built."""
    found = json.loads((root / "build" / "layers" / "layers.json").read_text())["layers"]
    return {layer["name"]: [package["name"] for package in layer["packages"]] for layer in found}


def test_packages_of_the_lock_are_installed_in_one_call(
    project: Project, house: House, installs: list[tuple[str, list[str]]]
) -> None:
    """All packages of all groups are installed in one call, and the export needs no further one."""
    house.wheel("base")
    house.wheel("own", requires=["base", "deep"])
    house.wheel("deep")
    build(project.write({"main": ["base"], "one": ["own"]}))
    assert [call for call in installs if call[0] == "install"] == [("install", ["base", "deep", "own"])]


def test_a_package_only_in_the_export_is_installed(
    project: Project, house: House, installs: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that is only in Poetry's export is installed after it."""
    monkeypatch.setattr("lambda_layers.builder.prefetch._lock_pins", lambda *_: ())
    house.wheel("base")
    root = project.write({"main": ["base"]})
    build(root)
    assert [kind for kind, _ in installs] == ["export", "install"]
    assert names(root) == {"shared": ["base"]}


def test_a_package_only_in_the_prefetch_is_in_no_layer(
    project: Project, house: House, installs: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A prefetched package that is not in Poetry's export is in no layer."""
    house.wheel("base")
    house.wheel("extra")
    root = project.write({"main": ["base"], "test": ["extra"]})
    monkeypatch.setattr("lambda_layers.poetry.lock.Lock.chains", lambda *_: {"base": (), "extra": ()})
    build(root)
    assert ("install", ["base", "extra"]) in installs
    assert names(root) == {"shared": ["base"]}
