"""The import rules of pyproject.toml and of the packages: each fails for a planted import."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.root import ROOT

THIN = ("pipeline", "stages", "lambda", "bench")
SOURCES = [f"packages/{name}/src" for name in ("lambda-layers", "delivery", "rehearsal", "console")]
LAYERS, DELIVERY, REHEARSAL, CONSOLE = SOURCES
# The module that gets the import, what it imports, and a part of the contract's name.
PLANTED = [
    ("lambda/echo/odd.py", "stages", "functions know nothing"),
    ("lambda/echo/odd.py", "lambda_layers", "functions know nothing"),
    ("stages/odd.py", "pipeline.steps", "stages know no pipeline"),
    ("pipeline/steps.py", "rehearsal", "the pipeline knows stages and cdk_delivery only"),
    ("bench/odd.py", "rehearsal", "measurements run the commands"),
    (f"{LAYERS}/lambda_layers/odd.py", "aws_cdk", "the builder knows no project"),
    (f"{LAYERS}/lambda_layers/odd.py", "cdk_delivery", "the builder knows no project"),
    (f"{DELIVERY}/cdk_delivery/settings/odd.py", "stages.catalog", "the delivery knows no project"),
    (f"{DELIVERY}/cdk_delivery/layers.py", "lambda_layers.settings", "the delivery knows no project"),
    (f"{DELIVERY}/cdk_delivery/constructs/odd.py", "cdk_delivery.delivery_stack", "inside cdk_delivery"),
    (f"{DELIVERY}/cdk_delivery/odd.py", "os", "inside cdk_delivery"),
    (f"{DELIVERY}/cdk_delivery/gates/odd.py", "aws_cdk", "commands and gates need no CDK"),
    (f"{DELIVERY}/cdk_delivery/changes/odd.py", "yaml", "what runs in the changes and integration builds"),
    (f"{DELIVERY}/cdk_delivery/errors.py", "pydantic", "what runs in the changes and integration builds"),
    (f"{REHEARSAL}/rehearsal/odd.py", "cdk_delivery", "the rehearsal knows no project"),
    (f"{REHEARSAL}/rehearsal/engine/odd.py", "rehearsal.workspace.layout", "inside rehearsal"),
    (f"{REHEARSAL}/rehearsal/host/odd.py", "rehearsal.engine.engine", "inside rehearsal"),
    (f"{REHEARSAL}/rehearsal/codebuild/odd.py", "rehearsal.actions.s3", "inside rehearsal"),
    (f"{REHEARSAL}/rehearsal/engine/model/odd.py", "rehearsal.engine.running.stage_lock", "inside the engine"),
    (f"{REHEARSAL}/rehearsal/actions/odd.py", "ministack", "only the port imports MiniStack"),
    (f"{REHEARSAL}/rehearsal/emulator/iam/odd.py", "ministack", "only the port imports MiniStack"),
    (f"{REHEARSAL}/rehearsal/engine/odd.py", "botocore", "the engine knows no AWS client"),
    (f"{CONSOLE}/pipeline_console/odd.py", "rehearsal", "the console knows AWS's APIs only"),
    (f"{CONSOLE}/pipeline_console/cause/odd.py", "pipeline_console.reads.client", "inside the console"),
    (f"{CONSOLE}/pipeline_console/views/odd.py", "starlette", "views are pure functions"),
]


def configuration(module: str) -> Path:
    """Return the file with the contracts of a module."""
    return Path(*Path(module).parts[:2], "pyproject.toml") if module.startswith("packages/") else Path("pyproject.toml")


def contracts(file: Path) -> list[str]:
    return [contract["name"] for contract in tomllib.loads(file.read_text())["tool"]["importlinter"]["contracts"]]


def test_a_fault_is_planted_for_each_contract() -> None:
    """Each contract has a planted fault, so that a new contract without one is found."""
    files = [ROOT / "pyproject.toml", *ROOT.glob("packages/*/pyproject.toml")]
    names = [name for file in files for name in contracts(file)]
    assert [name for name in names if not any(name.startswith(part) for _, _, part in PLANTED)] == []


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules and their configuration, which import-linter needs, with every planted import."""
    folder = tmp_path_factory.mktemp("contracts")
    for name in (*THIN, *SOURCES):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (ROOT / "pyproject.toml", *ROOT.glob("packages/*/pyproject.toml")):
        shutil.copy2(file, folder / file.relative_to(ROOT))
    for module, imported, _ in PLANTED:
        with (folder / module).open("a") as text:
            text.write(f"\nimport {imported}\n")
    return folder


@pytest.fixture(scope="module")
def reports(planted: Path) -> dict[Path, str]:
    """The file with the contracts -> import-linter's report about its broken contracts."""
    return {file: broken_contracts(planted, file) for file in {configuration(module) for module, *_ in PLANTED}}


def broken_contracts(folder: Path, contracts: Path) -> str:
    """Run import-linter in `folder`, and return the end of its report."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", str(contracts)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(SOURCES)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout.partition("Broken contracts")[2]


@pytest.mark.slow
@pytest.mark.gate
@pytest.mark.parametrize(("module", "imported", "contract"), PLANTED)
def test_a_planted_import_is_red(reports: dict[Path, str], module: str, imported: str, contract: str) -> None:
    """The contract that forbids the planted import fails, and names it, or the module that is not a layer."""
    _, *parts = re.split(r"^(\S.*)\n-+\n", reports[configuration(module)], flags=re.MULTILINE)
    (said,) = [text for title, text in zip(parts[::2], parts[1::2], strict=True) if title.startswith(contract)]
    name = (module.partition("/src/")[2] or module).removesuffix(".py").replace("/", ".")
    chains = re.findall(r"^\S+ is not allowed to import (\S+):\n\n(.*?)\n\n\n", said, re.MULTILINE | re.DOTALL)
    direct = [chain for target, chain in chains if f"{imported}.".startswith(f"{target}.")]
    assert f"{name} -> {imported.partition('.')[0]}" in "".join(direct) or f"- {name}\n" in said, said
