"""Fixtures of all tests: assemblies that are synthesized once, without the user's AWS settings."""

from __future__ import annotations

import atexit
import gc
import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests import gate_table
from tests.root import ROOT

# CDK takes seconds to import, and half of the tests do without it.
if TYPE_CHECKING:
    from cdk_delivery.constructs.project_files import Project
    from tests.synthesized import Synthesized

# CDK reads this when it is imported. Validation takes most of a synthesis: tests of its findings add it as a plugin.
os.environ["CDK_VALIDATION"] = "false"

# Skip the final GC pass: CDK's objects hold many cycles.
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


@pytest.fixture(scope="session")
def cdk_json() -> dict[str, Any]:
    """The context of cdk.json, whose settings the project's owners may change."""
    found: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return found


@pytest.fixture(scope="session")
def context(cdk_json: dict[str, Any]) -> dict[str, Any]:
    """The same feature flags with fixed settings, since cdk.json may have any."""
    return {**cdk_json, "delivery": json.loads((ROOT / "tests" / "settings.json").read_text())}


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """This project with fake layers and code, so that templates are tested without a build."""
    from cdk_delivery.constructs.project_files import Project

    layers = tmp_path_factory.mktemp("layers")

    def archived(name: str, file: str) -> dict[str, Any]:
        archive = layers / f"{name}.zip"
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.writestr(file, "")
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        return {"zip": archive.name, "sha256": digest, "bytes": 1, "unzipped_bytes": 1}

    manifest = {
        "target": {"python": "3.13", "architecture": "x86_64"},
        "layers": [
            {"name": name, **archived(name, f"python/{name}.py"), "functions": users, "packages": [], "sbom": ""}
            for name, users in {"shared": ["echo", "echo2"], "echo": ["echo"]}.items()
        ],
        "functions": [
            {"name": path.parent.name, **archived(f"function-{path.parent.name}", f"{path.parent.name}.py")}
            for path in sorted((ROOT / "lambda").glob("*/main.py"))
        ],
    }
    (layers / "layers.json").write_text(json.dumps(manifest))
    return replace(Project.at(ROOT), layers=layers / "layers.json")


@pytest.fixture(scope="session")
def synthesized(context: dict[str, Any], project: Project, tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The app with the fixed settings, synthesized in this process."""
    from tests.synthesized import synthesize

    return synthesize(context, project, tmp_path_factory.mktemp("cdk.out"))


@pytest.fixture(scope="session")
def synthesized_cdk_json(
    cdk_json: dict[str, Any],
    context: dict[str, Any],
    project: Project,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Synthesized:
    """The app with the settings of cdk.json; it is synthesized once if they are the fixed ones."""
    from tests.synthesized import synthesize

    if cdk_json == context:
        same: Synthesized = request.getfixturevalue("synthesized")
        return same
    return synthesize(cdk_json, project, tmp_path_factory.mktemp("cdk.out"))


def pytest_collection_finish() -> None:
    """Exempt the imported objects from garbage collection."""
    gc.freeze()


pytest_collection_modifyitems = gate_table.pytest_collection_modifyitems
pytest_terminal_summary = gate_table.pytest_terminal_summary
