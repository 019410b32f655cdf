"""What a layer does without, and what has to stay."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lambda_layers.builder.installed import installed_packages
from lambda_layers.builder.pruning import is_pruned, prune
from tests.wheels import House


@pytest.mark.parametrize("name", ["a/x.pyi", "a/py.typed", "a/x.h", "a/x.pxd", ".lock", "a.dist-info/direct_url.json"])
def test_what_no_import_needs_goes(name: str) -> None:
    """Stubs, headers, markers of type checkers, and what an installer leaves."""
    assert is_pruned(name, drop_tests=False)


@pytest.mark.parametrize(
    "name", ["a/x.py", "a/data.json", "a.dist-info/METADATA", "a.dist-info/licenses/LICENSE.h", "a/tests/t.py"]
)
def test_what_is_needed_stays(name: str) -> None:
    """Code, data, metadata and licences; tests too, unless the settings ask."""
    assert not is_pruned(name, drop_tests=False)


@pytest.mark.parametrize(("name", "gone"), [("a/tests/t.py", True), ("a/test_x.py", True), ("a/testing.py", False)])
def test_tests_go_where_it_is_asked(name: str, gone: bool) -> None:
    """`drop-tests` leaves out folders and modules of tests alone."""
    assert is_pruned(name, drop_tests=True) is gone


def test_the_record_names_what_is_left(house: House) -> None:
    """Scripts and stubs vanish from RECORD too, which would otherwise hold this machine's interpreter path."""
    house.wheel("base", files={"base/__init__.py": "", "base/x.pyi": "", "bin/tool": "#!/here/python"})
    folder = house.folder.parent / "python"
    with zipfile.ZipFile(house.wheels["base"].path) as zipped:
        zipped.extractall(folder)
    prune(folder, drop_tests=False)
    left = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    info = "base-1.0.dist-info"
    assert left == [f"{info}/METADATA", f"{info}/RECORD", f"{info}/WHEEL", "base/__init__.py"]
    assert [line.split(",")[0] for line in (folder / info / "RECORD").read_text().splitlines()] == left
    assert [(found.name, len(found.files)) for found in installed_packages(folder)] == [("base", 4)]


def test_a_stub_that_is_read_at_run_time_stays(tmp_path: Path) -> None:
    """lazy_loader's `attach_stub` opens the stub beside the module."""
    (tmp_path / "lazy.py").write_text("import lazy_loader\nlazy_loader.attach_stub(__name__, __file__)\n")
    (tmp_path / "lazy.pyi").write_text("from . import a\n")
    prune(tmp_path, drop_tests=True)
    assert (tmp_path / "lazy.pyi").exists()
