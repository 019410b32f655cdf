"""The key of a build and of a package: each input is a part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lambda_layers.builder import cache_key
from lambda_layers.builder.cache import Cache
from lambda_layers.builder.package_builder import PackageBuilder
from lambda_layers.locks.graph import Lock
from lambda_layers.locks.pin import Pin
from lambda_layers.settings import parse
from tests.projects import Project
from tests.wheels import House


@pytest.mark.gate
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("pyproject.toml", 'python = "3.13"', 'python = "3.14"'),
        ("pyproject.toml", 'architecture = "x86_64"', 'architecture = "arm64"'),
        ("pyproject.toml", "[tool.layers]", '[tool.layers]\nruntime-provided = "drop"'),
        ("pyproject.toml", "[tool.layers]", "[tool.layers]\ndrop-tests = true"),
        ("pyproject.toml", "[tool.layers]", '[tool.layers]\nbuild-from-source = ["base"]'),
        ("pyproject.toml", "one = []", 'one = ["base"]'),
        ("pyproject.toml", ">=3.12,<3.15", ">=3.13,<3.15"),
        ("poetry.lock", 'version = "1.0"', 'version = "1.1"'),
        ("requirements-tools.txt", "uv==1", "uv==2"),
        ("lambda/new/main.py", "", "def handler(event, context): ...\n"),
    ],
)
def test_each_input_of_a_build_is_part_of_its_key(
    project: Project, house: House, file: str, old: str, new: str
) -> None:
    """A change of settings, groups, lock, tools or functions changes the cache key."""
    house.wheel("base")
    root = project.write({"main": ["base"], "one": []})
    (root / "requirements-tools.txt").write_text("uv==1\n")
    (root / ".tools").mkdir()
    asked = cache_key.project_key(root)
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text() if path.exists() else ""
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert cache_key.project_key(root) != asked


@pytest.mark.gate
@pytest.mark.parametrize(
    "change", ["python", "architecture", "drop_tests", "keep", "build_from_source", "machinery", "hashes"]
)
def test_each_input_of_a_package_is_part_of_its_key(tmp_path: Path, change: str) -> None:
    """A change of target, options, tools or hashes changes the cache key of a package."""
    asked: dict[str, Any] = {"python": "3.13", "architecture": "x86_64", "drop-tests": False, "keep": []}
    changes = {"python": "3.14", "architecture": "arm64", "drop-tests": True, "keep": ["*.h"]}
    changes["build-from-source"] = ["base"]
    setting = change.replace("_", "-")
    other = {**asked, **({setting: changes[setting]} if setting in changes else {})}
    keys = {
        PackageBuilder(
            root=tmp_path,
            settings=parse(settings),
            python=None,
            lock=Lock({}, {}),
            tool_versions=machinery,
            cache=Cache(tmp_path),
        )._key(Pin("base", "1", hashes=hashes))
        for settings, machinery, hashes in [
            (asked, ["tools"], ("a",)),
            (other, ["tools", *(["others"] if change == "machinery" else [])], ("b" if change == "hashes" else "a",)),
        ]
    }
    assert len(keys) == 2


@pytest.mark.gate
def test_the_builder_s_own_source_is_part_of_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer builder does not reuse the layers of an older one."""
    before = cache_key.toolchain(tmp_path, "3.13")
    source = tmp_path / "layers" / "builder" / "cache_key.py"
    source.parent.mkdir(parents=True)
    source.write_text("another")
    monkeypatch.setattr(cache_key, "__file__", str(source))
    changed = cache_key.toolchain(tmp_path, "3.13")
    assert changed != before
    (tmp_path / "layers" / "target").mkdir()
    (tmp_path / "layers" / "target" / "platform.py").write_text("a module of another folder")
    cache_key._source_digest.cache_clear()  # each build is a new process
    assert cache_key.toolchain(tmp_path, "3.13") != changed
