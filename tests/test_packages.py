"""The packages of this repository: locked requirements, and tests without imports of this project."""

from __future__ import annotations

import ast
import getpass
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.root import ROOT

PACKAGES = sorted(file.parent for file in ROOT.glob("packages/*/pyproject.toml"))
SETTINGS = [ROOT / "pyproject.toml", *(package / "pyproject.toml" for package in PACKAGES)]
THIN_PROJECT = {"pipeline", "stages", "bench", "pipeline_app"}
# Our packages that a package's tests may import; the delivery's tests deploy to the embedded AWS.
IMPORTS = {
    "lambda-layers": {"lambda_layers"},
    "delivery": {"cdk_delivery", "lambda_layers", "rehearsal"},
    "rehearsal": {"rehearsal"},
    "console": {"pipeline_console", "rehearsal"},
}
OURS = THIN_PROJECT.union(*IMPORTS.values())


def metadata(package: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    return project


def locked_requirements() -> set[str]:
    """Return every requirement of a group of this project, from which poetry.lock is made."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    return {str(Requirement(text)) for group in groups.values() for text in group}


def unlocked(project: dict[str, Any], locked: set[str]) -> list[str]:
    """Return the requirements of a package that no group has."""
    extras = [text for group in project.get("optional-dependencies", {}).values() for text in group]
    wanted = {str(Requirement(text)) for text in [*project["dependencies"], *extras]}
    return sorted(text for text in wanted - locked if Requirement(text).name not in own_names())


def own_names() -> set[str]:
    return {str(metadata(package)["name"]) for package in PACKAGES}


def imported_roots(file: Path) -> Iterator[str]:
    """Yield the top-level names that a module imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def foreign_imports(package: Path) -> list[str]:
    """Return the imports of this project, and of packages that are not allowed, in a package's tests."""
    forbidden = OURS - IMPORTS[package.name]
    files = sorted((package / "tests").rglob("*.py"))
    return [f"{file.name}: {name}" for file in files for name in imported_roots(file) if name in forbidden]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_what_a_package_needs_is_locked(package: Path) -> None:
    """A package's requirements are in this project's groups with the same ranges."""
    assert unlocked(metadata(package), locked_requirements()) == []


@pytest.mark.gate
def test_a_requirement_that_no_group_has_is_found() -> None:
    """The check finds an unlocked requirement; another range counts as another requirement."""
    project = {"dependencies": ["click>=7"], "optional-dependencies": {"more": ["absent"]}}
    assert unlocked(project, {"click>=8"}) == ["absent", "click>=7"]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_s_tests_import_nothing_of_this_project(package: Path) -> None:
    """A package's tests import neither this project nor a package that it does not know."""
    assert foreign_imports(package) == []


@pytest.mark.gate
def test_a_test_that_imports_the_project_is_found(tmp_path: Path) -> None:
    """The check finds an import anywhere in the tests."""
    package = tmp_path / "rehearsal"
    (package / "tests" / "app").mkdir(parents=True)
    (package / "tests" / "test_odd.py").write_text("def test():\n    from stages.catalog import FUNCTIONS\n")
    (package / "tests" / "app" / "odd.py").write_text("import cdk_delivery.errors\n")
    assert foreign_imports(package) == ["odd.py: cdk_delivery", "test_odd.py: stages"]


def test_the_environment_has_the_packages_by_relative_paths() -> None:
    """The environment has relative paths to the packages, so that the project can be moved."""
    (file,) = Path(sys.prefix).glob("lib/python*/site-packages/packages.pth")
    lines = file.read_text().splitlines()
    assert [line for line in lines if Path(line).is_absolute()] == []
    assert [(file.parent / line).resolve() for line in lines] == [package / "src" for package in PACKAGES]


# Code that two wheels need is in each of them, with the same files.
USAGE = (
    "packages/rehearsal/src/rehearsal/views/role_usage.py",
    "packages/console/src/pipeline_console/views/role_usage.py",
)
SHARED = ("packages/rehearsal/src/rehearsal/cause", "packages/console/src/pipeline_console/cause")


def different_files(first: Path, second: Path) -> list[str]:
    """Return the files of two folders that differ in more than the names of their packages."""

    def texts(folder: Path) -> dict[str, str]:
        own = folder.as_posix().rpartition("/src/")[2].replace("/", ".")  # builds work below another folder `src`
        return {file.name: file.read_text().replace(own, "") for file in folder.glob("*.py")}

    one, other = texts(first), texts(second)
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def test_every_command_reports_a_bug_in_the_same_way() -> None:
    """Every wheel has the same bug_report.py."""
    reports = [file.read_text() for file in ROOT.glob("packages/*/src/*/bug_report.py")]
    assert len(reports) == len(PACKAGES)
    assert len(set(reports)) == 1


def test_every_package_reads_json_values_in_the_same_way() -> None:
    """The delivery and the rehearsal have the same json_values.py."""
    readers = [file.read_text() for file in ROOT.glob("packages/*/src/*/json_values.py")]
    assert len(readers) == 2
    assert len(set(readers)) == 1


def test_the_console_finds_the_first_error_as_the_rehearsal_does() -> None:
    """The console and the rehearsal have the same files in `cause`."""
    assert different_files(*(ROOT / folder for folder in SHARED)) == []


def test_the_console_reports_the_use_of_roles_as_the_rehearsal_does() -> None:
    """The console and the rehearsal have the same role_usage.py, except for one import."""
    texts = [(ROOT / file).read_text().splitlines() for file in USAGE]
    first, second = ([line for line in text if not line.endswith("import Decision")] for text in texts)
    assert first == second


@pytest.mark.gate
def test_a_file_that_only_one_wheel_changes_is_found(tmp_path: Path) -> None:
    """The comparison finds a changed file and a missing file."""
    for name, texts in {"one": {"a.py": "import one.cause", "b.py": "1"}, "two": {"a.py": "import two.cause"}}.items():
        (tmp_path / "src" / "src" / name / "cause").mkdir(parents=True)
        for file, text in texts.items():
            (tmp_path / "src" / "src" / name / "cause" / file).write_text(text)
    first, second = (tmp_path / "src" / "src" / name / "cause" for name in ("one", "two"))
    assert different_files(first, second) == ["b.py"]
    (second / "b.py").write_text("2")
    assert different_files(first, second) == ["b.py"]
    (second / "b.py").write_text("1")
    assert different_files(first, second) == []


def test_each_package_has_a_job_of_the_workflow() -> None:
    """The synth build of a push does not run the packages' tests, so the workflow of pull requests has to."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "packages.yml").read_text())
    jobs = workflow["jobs"]["test"]["strategy"]["matrix"]["package"]
    assert sorted(jobs) == [package.name for package in PACKAGES]


# Simulates another pytest that deletes the same folder at the same time.
BUSY_FOLDER = """
import os

remove = os.rmdir

def rmdir(path, **options):
    if path == "shared":
        raise OSError(39, "Directory not empty")
    remove(path, **options)

os.rmdir = rmdir
"""


@pytest.mark.slow
@pytest.mark.gate
@pytest.mark.parametrize(("file", "code"), [*((file, 0) for file in SETTINGS), (None, 1)])
def test_two_pytests_at_the_same_time_delete_old_folders(tmp_path: Path, file: Path | None, code: int) -> None:
    """pytest's warning about a concurrent cleanup is not an error with our filter, and is one without it."""
    filters = tomllib.loads(file.read_text())["tool"]["pytest"]["ini_options"]["filterwarnings"] if file else ["error"]
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings =\n" + "".join(f"  {line}\n" for line in filters))
    (tmp_path / "conftest.py").write_text(BUSY_FOLDER)
    (tmp_path / "test_folder.py").write_text("def test_folder(tmp_path):\n    assert tmp_path.exists()\n")
    (tmp_path / "temporary" / f"pytest-of-{getpass.getuser()}" / "garbage-1" / "shared").mkdir(parents=True)
    environment = {
        **os.environ,
        "PYTEST_DEBUG_TEMPROOT": str(tmp_path / "temporary"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_folder.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
