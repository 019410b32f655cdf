"""The files that bin/setup reads, in a clone and in a generated project, and its functions."""

from __future__ import annotations

import hashlib
import runpy
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.root import ROOT

NEEDED = (
    "README.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "bin").glob("*.py"))),
    "bin/setup",
    "pyproject.toml",
    "poetry.lock",
    "requirements-tools.txt",
    "package.json",
    "package-lock.json",
)

UV = str(ROOT / ".tools" / "bin" / "uv")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that set-up reads, and a package."""
    for name in NEEDED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / "packages" / "demo" / "src").mkdir(parents=True)
    return tmp_path


def add_wheel(project: Path, name: str, requires: str = "", module: str = "") -> Path:
    """Write a wheel of one module and the line that pins it, as in a generated project."""
    wheel = project / "wheels" / f"{name}-1.0-py3-none-any.whl"
    wheel.parent.mkdir(exist_ok=True)
    needed = f"Requires-Dist: {requires}\n" if requires else ""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", module)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needed}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name} = {name}:main\n")
        archive.writestr(f"{info}/RECORD", "")
    with (wheel.parent / "requirements.txt").open("a") as pins:
        pins.write(f"./wheels/{wheel.name} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    return wheel


@pytest.fixture
def generated(clone: Path) -> Path:
    """The files that set-up reads in a generated project: two wheels instead of packages."""
    shutil.rmtree(clone / "packages")
    for name in ("cdk_delivery", "demo"):
        add_wheel(clone, name)
    return clone


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The functions and modules of bin/setup, for the project in tmp_path."""
    monkeypatch.syspath_prepend(ROOT / "bin")
    names = runpy.run_path(str(ROOT / "bin" / "setup"))
    monkeypatch.setattr(names["project"], "ROOT", tmp_path)
    return names


def run_setup(clone: Path, *arguments: str) -> tuple[int, str]:
    """Run bin/setup; return its exit status and its errors."""
    command = [shutil.which("python3") or "python3", "bin/setup", *arguments]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.fixture
def equipped(clone: Path) -> Path:
    """A clone with Poetry and uv."""
    (clone / ".tools").symlink_to(ROOT / ".tools")
    return clone
