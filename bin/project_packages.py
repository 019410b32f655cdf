"""The packages of packages/, or the wheels of them that a generated project has, in an environment."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

import project
from commands import run
from environment_cache import write
from project import SetupError


def pinned_wheels(only: str) -> list[str]:
    """Return the lines of wheels/requirements.txt for wheels whose names begin with `only`; none if packages/ exists.

    Raises SetupError for a missing file, a malformed line, and a wheel with another hash.
    """
    pins = project.ROOT / "wheels" / "requirements.txt"
    if any(project.ROOT.glob("packages/*/src")):
        return []
    if not pins.exists():
        raise SetupError(f"there is no {pins.relative_to(project.ROOT)} in {project.ROOT}; {RESTORE_WHEELS}")
    lines = pins.read_text().splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        pin = re.fullmatch(r"\./(wheels/[\w.+-]+\.whl) --hash=sha256:([0-9a-f]{64})\n", line)
        if not pin:
            raise SetupError(f"wheels/requirements.txt:{number}: got {line!r}; a wheel and its hash are needed")
        wheel = project.ROOT / pin[1]
        if not wheel.exists():
            raise SetupError(f"there is no {pin[1]}, which wheels/requirements.txt names; {RESTORE_WHEELS}")
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != pin[2]:
            raise SetupError(f"{pin[1]} has another hash than wheels/requirements.txt; {RESTORE_WHEELS}")
    return [line for line in lines if line.startswith(f"./wheels/{only}")]


RESTORE_WHEELS = "`git checkout -- wheels` gets the committed ones back, `copier update` those of the template"


def install_wheels(uv: str, folder: Path, wheels: list[str], *, check: bool) -> None:
    """Add wheels to an environment, each verified by its hash. check: whether to check that their dependencies fit."""
    if not wheels:
        return
    into = ["--python", str(folder / "bin" / "python")]
    # copies: uv's cache shares its files with other environments, where they may be edited
    plain = ["--quiet", "--link-mode", "copy", "--no-deps", "--require-hashes"]
    with tempfile.TemporaryDirectory() as scratch:
        requirements = Path(scratch) / "wheels.txt"
        requirements.write_text("".join(wheels))
        run([uv, "pip", "install", *into, *plain, "-r", str(requirements)])
    (site,) = folder.glob("lib/python*/site-packages")
    archives = [zipfile.ZipFile(project.ROOT / line.split()[0]) for line in wheels]
    modules = sorted({str(site / name.split("/")[0]) for archive in archives for name in archive.namelist()})
    run([str(folder / "bin" / "python"), "-m", "compileall", "-qq", *modules])
    if check:
        run([uv, "pip", "check", *into], why="`copier update` brings wheels and a lock that fit each other")


def add_packages(folder: Path) -> None:
    """Put the packages of this repository on the environment's path, with their metadata and commands.

    Paths are relative, so that they survive a move of the project, or of the environment to a cache.
    """
    (site,) = folder.glob("lib/python*/site-packages")
    sources = sorted(project.ROOT.glob("packages/*/src"))
    if not sources:
        return
    write(site / "packages.pth", "".join(f"{os.path.relpath(source, site)}\n" for source in sources))
    version = project.committed("VERSION").read_text().strip()
    for source in sources:
        pyproject = (source.parent / "pyproject.toml").read_text()
        add_metadata(site, pyproject, version)
        for name, module, function in entry_points(pyproject):
            write(folder / "bin" / name, COMMAND.format(module=module, function=function), mode=0o755)


def add_metadata(site: Path, pyproject: str, version: str) -> None:
    """Write the metadata from which importlib.metadata reads the version of a package, as its wheel would have it."""
    (name,) = re.findall(r'^name *= *"([\w-]+)"', pyproject, re.MULTILINE)
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    for old in site.glob(f"{name.replace('-', '_')}-*.dist-info"):
        if old.name != info:
            shutil.rmtree(old)
    (site / info).mkdir(exist_ok=True)
    write(site / info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def entry_points(pyproject: str) -> list[tuple[str, str, str]]:
    """Return name, module and function of each command of a package. Python 3.10 has no tomllib to parse them."""
    section = pyproject.partition("[project.scripts]")[2].partition("\n[")[0]
    return re.findall(r'^([\w-]+) *= *"([\w.]+):(\w+)"', section, re.MULTILINE)


# A script for sh and for Python: sh runs it with the interpreter in the same folder, so that the project can be moved.
COMMAND = """#!/bin/sh
'''exec' "$(dirname -- "$0")/python" "$0" "$@"
' '''
import sys
from {module} import {function}
sys.exit({function}())
"""
