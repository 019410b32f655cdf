"""bin/licences: the licences of a wheel's dependencies, and an error for a package without one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.root import ROOT


def licences(root: Path, *packages: str) -> tuple[int, str]:
    """Run bin/licences of a tree with the distributions in `installed`; return exit status and output."""
    done = subprocess.run(
        [sys.executable, "bin/licences", *packages],
        cwd=root,
        env={"PYTHONPATH": str(root / "installed")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def install(root: Path, name: str, *metadata: str) -> None:
    """Write the metadata of an installed distribution."""
    folder = root / "installed" / f"{name}-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(
        "\n".join(["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *metadata, ""])
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with one package, which needs `direct` and, in an extra, `optional`; `direct` needs `indirect`."""
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "bin" / "licences", tmp_path / "bin")
    package = tmp_path / "packages" / "one"
    package.mkdir(parents=True)
    (package / "pyproject.toml").write_text(
        '[project]\nname = "one"\ndependencies = ["direct"]\n[project.optional-dependencies]\nmore = ["optional"]\n'
    )
    install(tmp_path, "direct", "License-Expression: MIT", "Requires-Dist: indirect", 'Requires-Dist: no; extra == "x"')
    install(tmp_path, "indirect", "Classifier: License :: OSI Approved :: BSD License")
    install(
        tmp_path, "optional", "License: UNKNOWN", "Classifier: License :: OSI Approved", "Classifier: License :: MIT"
    )
    return tmp_path


def test_every_dependency_is_in_the_table(tree: Path) -> None:
    """The table has direct, indirect and optional dependencies with their licences."""
    status, printed = licences(tree)
    assert status == 0, printed
    assert printed.splitlines()[-3:] == [
        "| direct 1.0 | MIT |",
        "| indirect 1.0 | BSD License |",
        "| optional 1.0 | MIT |",
    ]


@pytest.mark.gate
def test_a_package_without_a_licence_is_found(tree: Path) -> None:
    """A package without a licence exits with 1."""
    shutil.rmtree(tree / "installed" / "indirect-1.0.dist-info")
    install(tree, "indirect", "License: UNKNOWN")
    status, printed = licences(tree)
    assert (status, "| indirect 1.0 | unknown |" in printed) == (1, True)


def test_an_unknown_package_is_named(tree: Path) -> None:
    """An unknown package is an error that lists the known ones."""
    assert licences(tree, "two") == (2, "licences: got 'two'; allowed: one\n")
