"""Files that are pruned from a layer, and files that are kept."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lambda_layers.builder.installed import installed_packages
from lambda_layers.builder.pruning import Pruning, is_pruned
from tests.wheels import House


@pytest.mark.parametrize("name", ["a/x.pyi", "a/py.typed", "a/x.h", "a/x.pxd", ".lock", "a.dist-info/direct_url.json"])
def test_files_that_no_import_needs_are_pruned(name: str) -> None:
    """Stubs, headers, type markers and installer files are pruned."""
    assert is_pruned(name, drop_tests=False)


@pytest.mark.parametrize(
    "name", ["a/x.py", "a/data.json", "a.dist-info/METADATA", "a.dist-info/licenses/LICENSE.h", "a/tests/t.py"]
)
def test_needed_files_are_kept(name: str) -> None:
    """Code, data, metadata and licences are kept, and tests without `drop-tests`."""
    assert not is_pruned(name, drop_tests=False)


@pytest.mark.parametrize(("name", "gone"), [("a/tests/t.py", True), ("a/test_x.py", True), ("a/testing.py", False)])
def test_drop_tests_prunes_only_tests(name: str, gone: bool) -> None:
    """`drop-tests` prunes only folders and modules of tests."""
    assert is_pruned(name, drop_tests=True) is gone


def test_the_record_names_what_is_left(house: House) -> None:
    """RECORD lists only the files that are left, without scripts and stubs."""
    house.wheel("base", files={"base/__init__.py": "", "base/x.pyi": "", "bin/tool": "#!/here/python"})
    folder = house.folder.parent / "python"
    with zipfile.ZipFile(house.wheels["base"].path) as zipped:
        zipped.extractall(folder)
    Pruning().prune(folder)
    left = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    info = "base-1.0.dist-info"
    assert left == [f"{info}/METADATA", f"{info}/RECORD", f"{info}/WHEEL", "base/__init__.py"]
    assert [line.split(",")[0] for line in (folder / info / "RECORD").read_text().splitlines()] == left
    assert [(found.name, len(found.files)) for found in installed_packages(folder)] == [("base", 4)]


def test_a_stub_that_is_read_at_run_time_stays(tmp_path: Path) -> None:
    """A stub that lazy_loader's `attach_stub` reads is kept."""
    (tmp_path / "lazy.py").write_text("import lazy_loader\nlazy_loader.attach_stub(__name__, __file__)\n")
    (tmp_path / "lazy.pyi").write_text("from . import a\n")
    Pruning(drop_tests=True).prune(tmp_path)
    assert (tmp_path / "lazy.pyi").exists()


@pytest.mark.gate
def test_headers_that_a_module_names_stay(tmp_path: Path) -> None:
    """A header that a module names is kept; other headers are pruned."""
    package = tmp_path / "pkg"
    (package / "include").mkdir(parents=True)
    (package / "__init__.py").write_text("SOURCE = __file__.replace('__init__.py', 'include/defs.h')\n")
    for name in ("include/defs.h", "include/other.h", "native.a"):
        (package / name).write_text("")
    Pruning().prune(tmp_path)
    assert sorted(path.name for path in package.rglob("*") if path.is_file()) == ["__init__.py", "defs.h"]


@pytest.mark.gate
def test_stubs_that_are_data_stay(tmp_path: Path) -> None:
    """A type checker's stubs of other packages are kept; stubs of a package's modules and stub packages are pruned."""
    files = ["checker/__init__.py", "checker/own.py", "checker/own.pyi", "checker/typeshed/os.pyi"]
    files += [
        "native/__init__.py",
        "native/own.py",
        "native/_core.abi3.so",
        "native/_core/__init__.pyi",
        "yaml-stubs/__init__.pyi",
    ]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("SUFFIX = '.pyi'\n" if name.endswith("own.py") else "")
    Pruning().prune(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {*files} - {"checker/own.pyi", "native/_core/__init__.pyi", "yaml-stubs/__init__.pyi"}


@pytest.mark.gate
def test_files_that_match_keep_are_kept(tmp_path: Path) -> None:
    """Files that match a pattern of `keep` are kept, tests included."""
    for name in ("pkg/__init__.py", "pkg/include/a.h", "pkg/tests/data.py", "pkg/other.h"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    Pruning(drop_tests=True, keep=["pkg/include/*", "*/tests/data.py"]).prune(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"pkg/__init__.py", "pkg/include/a.h", "pkg/tests/data.py"}


def test_modules_without_source_stay(tmp_path: Path) -> None:
    """Bytecode without a source is kept; bytecode with its source is removed."""
    (tmp_path / "pkg" / "__pycache__").mkdir(parents=True)
    for name in ("only.pyc", "both.py", "both.pyc", "__pycache__/both.cpython-313.pyc"):
        (tmp_path / "pkg" / name).write_bytes(b"")
    Pruning().prune(tmp_path)
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"only.pyc", "both.py"}
