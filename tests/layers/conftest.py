"""Fixtures of the builder's tests: wheels instead of an index, and caches of the test's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.layers.projects import Project
from tests.layers.wheels import House
from tests.root import ROOT


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Where uv finds packages; there is no index."""
    folder = tmp_path / "house"
    folder.mkdir()
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return House(folder)


@pytest.fixture
def project(tmp_path: Path, house: House, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project to write; the builder's cache is the test's own, and the tools are this project's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tools = [str(ROOT / folder / "bin") for folder in (".venv", ".tools")]
    monkeypatch.setenv("PATH", os.pathsep.join([*tools, os.environ["PATH"]]))
    return Project(tmp_path / "project", house)
