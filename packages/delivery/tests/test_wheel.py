"""The wheel with its base dependencies only, as in the changes and integration builds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.root import PACKAGE, REPOSITORY

UV = shutil.which("uv", path=os.pathsep.join([str(REPOSITORY / ".tools" / "bin"), os.environ["PATH"]])) or "uv"


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command without this repository on its path."""
    env = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(command, cwd=cwd, env=env, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel and its base dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    interpreter = folder / "env" / "bin" / "python"
    for command in (
        (UV, "build", "--quiet", "--wheel", "--out-dir", folder, PACKAGE),
        (UV, "venv", "--quiet", "--python", sys.executable, folder / "env"),
        (UV, "pip", "install", "--quiet", "--python", interpreter, "--find-links", folder, "cdk-delivery"),
    ):
        done = run(*command, cwd=folder)
        assert done.returncode == 0, done.stderr
    return interpreter


def test_the_command_lists_its_verbs(python: Path, tmp_path: Path) -> None:
    """`delivery --help` works without CDK, since each command imports its modules when it runs."""
    done = run(python.with_name("delivery"), "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for verb in ("bootstrap", "destroy", "doctor", "generate", "quotas"):
        assert f"\n  {verb} " in done.stdout


def test_the_changes_build_needs_no_cdk(python: Path, tmp_path: Path) -> None:
    """The changes build fails for its missing variables, not for a missing module."""
    done = run(python, "-m", "cdk_delivery.changes", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("changes: ENVIRONMENT, STAGE, BROADENING, PIPELINE, EXECUTION not set")


def test_the_wheel_holds_every_file_of_the_package(python: Path) -> None:
    """The wheel has every file of the package, such as the notifier's code, which the constructs read."""
    (installed,) = python.parent.parent.glob("lib/python*/site-packages/cdk_delivery")
    source = PACKAGE / "src" / "cdk_delivery"
    here, there = ({file.relative_to(top) for file in top.rglob("*") if file.is_file()} for top in (source, installed))
    assert {file for file in here ^ there if "__pycache__" not in file.parts} == set()
