"""Imports without a package, and packages without an import."""

from __future__ import annotations

import subprocess
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from lambda_layers import settings
from lambda_layers.analysis import check
from lambda_layers.analysis.imports import imports, modules, provides
from lambda_layers.builder.zip_archive import deflate, write
from lambda_layers.manifest import Layer, Manifest, Package
from lambda_layers.selection import function_layers, plan
from lambda_layers.target import interpreter, standard_library
from lambda_layers.target.runtimes import SUPPORTED_UNTIL
from tests.projects import Project
from tests.root import ROOT
from tests.wheels import House


def code(root: Path, function: str, text: str) -> None:
    """Write a function's handler."""
    (root / "lambda" / function / "main.py").write_text(text)


@pytest.fixture
def built(project: Project, house: House) -> Manifest:
    """A manifest: function one has a layer with `extra`, which needs `deep`; both functions have `base`."""
    house.wheel("base")
    house.wheel("deep")
    house.wheel("extra", requires=["deep"])
    root = project.write({"main": ["base"], "one": ["extra"]})
    shared = layer(project, "shared", ("one", "two"), "base")
    own = layer(project, "one", ("one",), "deep", "extra")
    code(root, "one", "import base\nimport extra.x\n")
    code(root, "two", "import base\n")
    return Manifest("3.13", "x86_64", (shared, own))


def layer(project: Project, name: str, functions: tuple[str, ...], *packages: str) -> Layer:
    """Return a layer of these packages, packed without an installer."""
    folder = project.root / name / "python"
    for package in packages:
        with zipfile.ZipFile(project.house.wheels[package].path) as zipped:
            zipped.extractall(folder)
    paths = [path for path in folder.rglob("*") if path.is_file()]
    parts = [deflate(path.relative_to(folder.parent).as_posix(), [path.read_bytes()]) for path in paths]
    size = write(project.root / f"{name}.zip", parts).unzipped
    records = tuple(Package(package, "1.0", 100 + index) for index, package in enumerate(packages))
    return Layer(name, f"{name}.zip", "", 0, size, functions, records, "")


def test_provided_imports_are_not_reported(project: Project, built: Manifest) -> None:
    """Imports from layers, own modules, the standard library and the runtime's boto3 are not reported."""
    (project.root / "lambda" / "two" / "own.py").write_text("")
    code(project.root, "two", "import json, boto3.session, own\nfrom base import NAME\n")
    assert check.missing_imports(project.root, built) == []
    assert check.unused_packages(project.root, built) == []


@pytest.mark.gate
def test_a_missing_import_is_reported_with_its_line_and_command(project: Project, built: Manifest) -> None:
    """A missing import is reported with its line and the command that adds the package."""
    code(project.root, "two", "import os\n\ndef handler(event, context):\n    from extra import X\n")
    (found,) = check.missing_imports(project.root, built)
    assert (found.function, found.statement.name, found.statement.line) == ("two", "extra.X", 4)
    assert found.statement.path == project.root / "lambda" / "two" / "main.py"
    assert found.command == "poetry add --lock extra"


@pytest.mark.gate
@pytest.mark.parametrize(
    ("python", "missing"),
    [("3.12", {"annotationlib", "compression"}), ("3.13", {"annotationlib", "compression", "cgi"})],
)
def test_the_standard_library_is_the_target_s(
    project: Project, built: Manifest, python: str, missing: set[str]
) -> None:
    """Modules of the standard library count by the target's Python version."""
    code(project.root, "two", "import annotationlib, cgi\nfrom compression import zstd\n")
    found = check.missing_imports(project.root, built._replace(python=python))
    assert {finding.statement.name.partition(".")[0] for finding in found} == missing
    assert [finding.command for finding in found if finding.statement.name == "cgi"] == [""] * (python == "3.13")
    assert check.missing_imports(project.root, built._replace(python="3.14"))[0].statement.name == "cgi"


@pytest.mark.parametrize("python", [version for version in SUPPORTED_UNTIL if interpreter.find(version)])
def test_the_table_of_the_standard_library_is_right(python: str) -> None:
    """The table has the public module names of each version's interpreter."""
    script = "import sys; print(*[name for name in sys.stdlib_module_names if name[0] != '_'])"
    said = subprocess.run([str(interpreter.find(python)), "-c", script], capture_output=True, text=True, check=True)
    assert {name for name in standard_library.module_names(python) if name[0] != "_"} == {*said.stdout.split()}


@pytest.mark.gate
def test_the_command_names_package_and_group(project: Project, built: Manifest) -> None:
    """The command adds the package, whose name may differ from the module's, to the function's group."""
    code(project.root, "two", "import yaml\n")
    (found,) = check.missing_imports(project.root, built)
    assert found.command == "poetry add --lock --group two pyyaml"


@pytest.mark.gate
def test_an_unused_package_is_reported(project: Project, built: Manifest) -> None:
    """An unused package is reported with the packages that only it needs, and their size."""
    code(project.root, "one", "import base\n")
    (found,) = check.unused_packages(project.root, built)
    assert (found.layer, found.package, found.only_for) == ("one", "extra", ("deep",))
    sizes = {package.name: package.bytes for layer in built.layers for package in layer.packages}
    assert found.bytes == sizes["extra"] + sizes["deep"]


def test_no_layer_is_installed_in_the_development_environment() -> None:
    """The development environment has no package that only layers need, which tests could import by accident."""
    target, locked, groups = (
        settings.read(ROOT / "pyproject.toml").target,
        plan.read_lock(ROOT),
        function_layers.groups(ROOT),
    )
    layers = {name for group in groups.values() for name in locked.chains(group, target)}
    others = {name for group in locked.roots.keys() - groups.values() for name in locked.chains(group, target)}
    here = {canonicalize_name(found.name) for found in distributions()}
    assert "aws-lambda-powertools" in layers - others
    assert not (layers - others) & here


@pytest.mark.gate
def test_the_runtime_s_boto3_on_a_layer_s_urllib3_is_warned_of(project: Project, house: House) -> None:
    """The check warns of a layer's urllib3 under the runtime's boto3, not of layers with boto3."""
    for name in ("urllib3", "boto3"):
        house.wheel(name)
    root = project.write({"main": ["urllib3", "boto3"]})
    code(root, "one", "import boto3, urllib3\n")
    code(root, "two", "import urllib3\n")
    half = Manifest("3.13", "x86_64", (layer(project, "shared", ("one", "two"), "urllib3"),))
    (warning,) = check.runtime_conflicts(root, half)
    assert warning.startswith("one: its layers hold urllib3, on which the runtime's boto3 then runs")
    complete = Manifest("3.13", "x86_64", (layer(project, "shared", ("one", "two"), "urllib3", "boto3"),))
    assert check.runtime_conflicts(root, complete) == []


@pytest.mark.gate
def test_an_unused_package_of_an_extra_is_reported(project: Project, house: House) -> None:
    """A package that only an unused part of another package imports is reported."""
    house.wheel("plain")
    house.wheel("deep")
    house.wheel("model", requires=["deep"], files={"model/__init__.py": "import deep\n"})
    files = {
        "base/__init__.py": "import plain\ndef x():\n    import base.parser\n",
        "base/parser.py": "from base import more\n",
    }
    house.wheel(
        "base",
        requires=["plain"],
        files={**files, "base/more.py": "try:\n    import model\nexcept ImportError:\n    pass\n"},
    )
    root = project.write({"main": ["base"], "one": ["model"]})
    made = Manifest(
        "3.13",
        "x86_64",
        (layer(project, "shared", ("one", "two"), "base", "plain"), layer(project, "one", ("one",), "deep", "model")),
    )
    code(root, "one", "from base import NAME\n")
    (found,) = check.unused_packages(root, made)
    assert (found.layer, found.package, found.only_for) == ("one", "model", ("deep",))
    for text in ("import base.parser\n", "from base import parser\n"):
        code(root, "one", text)
        assert check.unused_packages(root, made) == []


@pytest.mark.parametrize("text", ["from .inner import x\n", "from . import inner\n", "LAZY = {'x': '.inner'}\n"])
def test_imports_are_followed_however_they_are_written(project: Project, house: House, text: str) -> None:
    """Relative and lazy imports are followed."""
    house.wheel("other")
    house.wheel("base", files={"base/__init__.py": text, "base/inner.py": "import other\nx = 1\n"})
    root = project.write({"main": ["base", "other"]})
    code(root, "one", "import base\n")
    assert (
        check.unused_packages(
            root, Manifest("3.13", "x86_64", (layer(project, "shared", ("one", "two"), "base", "other"),))
        )
        == []
    )


@pytest.mark.parametrize(
    "text",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import absent\n",
        "try:\n    import absent\nexcept ImportError:\n    absent = None\n",
        "from . import absent\n",
        "import contextlib\nwith contextlib.suppress(ImportError):\n    import absent\n",
    ],
)
def test_imports_that_may_fail_do_not_count(tmp_path: Path, text: str) -> None:
    """Imports for type checkers, imports with a handled ImportError, and relative imports do not count."""
    (tmp_path / "main.py").write_text(text)
    assert "absent" not in " ".join(found.name for found in imports(tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    import absent\nexcept ValueError:\n    pass\n",
        "with suppress(ValueError):\n    import absent\n",
        "if not TYPE_CHECKING:\n    import absent\n",
        "if TYPE_CHECKING:\n    import other\nelse:\n    import absent\n",
    ],
)
def test_an_import_that_fails_loudly_counts(tmp_path: Path, text: str) -> None:
    """An import counts if the code handles only another error."""
    (tmp_path / "main.py").write_text(text)
    assert [found.name for found in imports(tmp_path)] == ["absent"]


@pytest.mark.parametrize(
    ("name", "there"),
    [("a", True), ("a.anything", True), ("space", True), ("space.b.C", True), ("space.c", False), ("native", True)],
)
def test_namespaces_are_looked_into(name: str, there: bool) -> None:
    """A regular package provides every name below it, a namespace package only its modules."""
    found = modules(["a/__init__.py", "space/b.py", "native.cpython-313-x86_64-linux-gnu.so", "x.dist-info/RECORD"])
    assert provides(found, name) is there
