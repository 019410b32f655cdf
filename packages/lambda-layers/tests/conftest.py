"""Fixtures of the builder's tests: wheels instead of an index, and separate caches."""

from __future__ import annotations

import atexit
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from lambda_layers.builder.cache import Cache, default_folder
from lambda_layers.subprocesses import find_tool, run
from tests.projects import Project
from tests.root import ROOT
from tests.wheels import House

# Skip the final GC pass: boto3's and CDK's objects hold many cycles.
atexit.register(gc.freeze)

# The time of an example depends on the machine.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session", autouse=True)
def _no_cloud() -> Iterator[None]:
    """Remove the AWS settings of the user's environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "CDK_")) or name == "COLUMNS"]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _active_environment() -> Iterator[None]:
    """Let Poetry lock with this project's environment: creating one for each test takes a second of processor time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIRTUAL_ENV", str(ROOT / ".venv"))
        yield


def pytest_collection_finish() -> None:
    """Keep the imported objects out of later garbage collections."""
    gc.freeze()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """The folder where uv finds packages instead of an index."""
    folder = tmp_path / "house"
    folder.mkdir()
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return House(folder)


@pytest.fixture(scope="session")
def interpreters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The part of uv's cache that describes interpreters: without it, each build would start one to ask it."""
    folder = tmp_path_factory.mktemp("interpreters")
    run([find_tool("uv", ROOT), "python", "find", "--no-config", "--cache-dir", str(folder)], cwd=ROOT)
    (part,) = folder.glob("interpreter-*")
    return part


@pytest.fixture
def project(tmp_path: Path, house: House, interpreters: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project to write, with a separate builder cache and this project's tools."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for cache in (tmp_path / "uv", Cache(default_folder()).downloads):
        cache.mkdir(parents=True)
        (cache / interpreters.name).symlink_to(interpreters)
    tools = [str(ROOT / folder / "bin") for folder in (".venv", ".tools")]
    monkeypatch.setenv("PATH", os.pathsep.join([*tools, os.environ["PATH"]]))
    return Project(tmp_path / "project", house)
