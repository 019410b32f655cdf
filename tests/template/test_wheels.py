"""bin/wheels: the same sources give the same bytes, and a requirements file pins them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.root import ROOT

PACKAGES = sorted(file.parent for file in ROOT.glob("packages/*/pyproject.toml"))
# The files that a build of the wheels needs besides bin/ and packages/.
FILES = ("VERSION", "README.md", "pyproject.toml", "requirements-tools.txt")


def copied(folder: Path, packages: Sequence[Path]) -> Path:
    """Copy the sources of the wheels with other dates, and add files that do not belong to them."""
    ignored = shutil.ignore_patterns("tests", "docs")
    for source in (ROOT / "bin", *packages):
        shutil.copytree(source, folder / source.relative_to(ROOT), ignore=ignored, copy_function=shutil.copyfile)
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / name)
    (folder / "bin" / "setup").chmod(0o755)
    (folder / ".tools").symlink_to(ROOT / ".tools")
    for package in packages:
        source = folder / "packages" / package.name / "src"
        (source / "__pycache__").mkdir(exist_ok=True)
        (source / "__pycache__" / "old.cpython-313.pyc").touch()
        (source.parent / "notes.txt").touch()
    return folder


def wheels(root: Path, folder: Path) -> tuple[int, str]:
    """Run bin/wheels of a tree; return its exit status and its output."""
    command = ["python3", str(root / "bin" / "wheels"), str(folder)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of this tree."""
    folder = tmp_path_factory.mktemp("here") / "wheels"
    assert wheels(ROOT, folder)[0] == 0
    return folder


@pytest.mark.slow
def test_the_same_sources_give_the_same_bytes(here: Path, tmp_path: Path) -> None:
    """Folder, dates and modes do not change the wheels; wheels of an earlier build are removed."""
    copy = copied(tmp_path / "copy", PACKAGES)
    there = tmp_path / "there" / "wheels"
    there.mkdir(parents=True)
    (there / "demo-0.0.1-py3-none-any.whl").touch()
    assert wheels(copy, there)[0] == 0
    assert {file.name: file.read_bytes() for file in here.iterdir()} == {
        file.name: file.read_bytes() for file in there.iterdir()
    }


@pytest.mark.slow
def test_each_package_has_a_wheel_of_the_one_version_with_its_pin(here: Path) -> None:
    """Each package has a wheel of the version with its pin, and the files of src/."""
    version = (ROOT / "VERSION").read_text().strip()
    built = sorted(here.glob("*.whl"))
    assert [wheel.name.split("-")[1] for wheel in built] == [version] * len(PACKAGES)
    digests = [hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in built]
    lines = [f"./wheels/{wheel.name} --hash=sha256:{digest}" for wheel, digest in zip(built, digests, strict=True)]
    assert (here / "requirements.txt").read_text().splitlines() == lines
    held = {name for wheel in built for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = {file.relative_to(package / "src") for package in PACKAGES for file in (package / "src").rglob("*")}
    assert held == {path.as_posix() for path in files if path.suffix not in ("", ".pyc") or path.name == "py.typed"}


@pytest.mark.slow
@pytest.mark.gate
def test_a_package_that_cannot_be_built_is_named(tmp_path: Path) -> None:
    """A failed build exits with 2 and the backend's error; the previous wheels are kept."""
    copy = copied(tmp_path / "copy", PACKAGES[:1])
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "demo-0.0.1-py3-none-any.whl").touch()
    pyproject = copy / "packages" / PACKAGES[0].name / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("[project]", "[projekt]"))
    code, said = wheels(copy, tmp_path / "wheels")
    assert code == 2
    assert said.startswith(f"wheels: {PACKAGES[0].name}: `-m hatchling build ")
    assert "project.dynamic" in said
    assert [file.name for file in (tmp_path / "wheels").iterdir()] == ["demo-0.0.1-py3-none-any.whl"]


@pytest.mark.gate
def test_a_project_without_packages_has_nothing_to_build(tmp_path: Path) -> None:
    """A project without packages exits with 2, and says where wheels are built."""
    copy = copied(tmp_path / "copy", packages=[])
    code, said = wheels(copy, tmp_path)
    assert (code, said) == (
        2,
        f"wheels: there is no package in {copy}/packages; wheels are built in the template's repository\n",
    )


def test_the_build_backend_is_the_pinned_one() -> None:
    """Each package requires the build backend that requirements-tools.txt pins."""
    pins = (ROOT / "requirements-tools.txt").read_text().split()
    for package in PACKAGES:
        (backend,) = tomllib.loads((package / "pyproject.toml").read_text())["build-system"]["requires"]
        assert backend in pins
    assert os.access(ROOT / "bin" / "wheels", os.X_OK)
