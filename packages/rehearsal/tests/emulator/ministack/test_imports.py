"""The contract that only the port imports MiniStack finds an import in any other module."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.root import ROOT

NAME = "only the port imports MiniStack"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
CONTRACT = next(contract for contract in CONTRACTS if contract["name"] == NAME)
# Of values such as these, JSON is TOML.
CONFIGURATION = f"""
[tool.importlinter]
root_packages = ["rehearsal"]
include_external_packages = true

[[tool.importlinter.contracts]]
{"".join(f"{key} = {json.dumps(value)}\n" for key, value in CONTRACT.items())}
"""


@pytest.mark.parametrize("module", ["cli.py", "emulator/iam/roles.py", "emulator/ministack/patches.py"])
def test_an_import_of_ministack_is_found(tmp_path: Path, module: str) -> None:
    """The fault planted: an import in a command, in a service's folder, and next to the port."""
    shutil.copytree(ROOT / "rehearsal", tmp_path / "rehearsal", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)
    assert "KEPT" in checked(tmp_path)
    with (tmp_path / "rehearsal" / module).open("a") as file:
        file.write("import ministack.services.s3 as planted\n")
    assert f"rehearsal.{module[:-3].replace('/', '.')} -> ministack" in checked(tmp_path)


def checked(folder: Path) -> str:
    """What import-linter says about the copy."""
    env = {**os.environ, "PYTHONPATH": str(folder)}
    command = ["lint-imports", "--no-cache"]
    return subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True).stdout
