"""Fixtures of the package's tests: a copy of the shop, synthesized once, without a user's AWS settings."""

from __future__ import annotations

import atexit
import gc
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from lambda_layers.manifest import MANIFEST_PATH

from tests.root import APP, REPOSITORY

# CDK takes seconds to import, and half of the tests do without it.
if TYPE_CHECKING:
    from cdk_delivery.constructs.project_files import Project
    from tests.synthesis import Synthesized

# CDK's validation of templates takes most of the time of a synthesis: only tests of its findings add it, as a plugin.
# CDK's process inherits the variables that are set when CDK is imported; the tests' commands do not.
os.environ["CDK_VALIDATION"] = "false"

# The tools are pinned, locked and installed once for everything in the repository.
TOOLS = ("package.json", "poetry.lock", "node_modules")
# Skip the final GC pass: CDK's objects hold many cycles.
atexit.register(gc.freeze)

# The time of an example depends on the machine.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

NO_LAYERS = {"target": {"python": "3.13", "architecture": "x86_64"}, "layers": []}


@pytest.fixture(scope="session", autouse=True)
def _no_cloud() -> Iterator[None]:
    """Remove AWS settings from the environment of every test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "CDK_")) or name == "COLUMNS"]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shop with its tools and a manifest without layers; generated files are not copied."""
    folder = tmp_path_factory.mktemp("shop") / "project"
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in TOOLS:
        (folder / name).symlink_to(REPOSITORY / name)
    (folder / MANIFEST_PATH).parent.mkdir(parents=True)
    (folder / MANIFEST_PATH).write_text(json.dumps(NO_LAYERS))
    return folder


@pytest.fixture(scope="session")
def context(shop: Path) -> dict[str, Any]:
    """The context of the shop's cdk.json: its settings and feature flags."""
    found: dict[str, Any] = json.loads((shop / "cdk.json").read_text())["context"]
    return found


@pytest.fixture(scope="session")
def project(shop: Path) -> Project:
    from cdk_delivery.constructs.project_files import Project

    return Project.at(shop)


@pytest.fixture(scope="session")
def synthesized(context: dict[str, Any], project: Project, shop: Path) -> Synthesized:
    """The shop's app, synthesized into its cdk.out without the rule packs, which take most of the time."""
    from tests.synthesis import assembly

    return assembly(context, project, shop / "cdk.out")


@pytest.fixture(scope="session")
def generated(shop: Path, synthesized: Synthesized) -> Path:
    """The copy of the shop after `delivery generate`."""
    from cdk_delivery.generate import files

    assert synthesized.folder == shop / "cdk.out"
    files.write(shop)
    return shop


def pytest_collection_finish() -> None:
    """Keep the imports' objects out of later garbage collections."""
    gc.freeze()
