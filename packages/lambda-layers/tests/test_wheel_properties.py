"""Unusual wheels of the index: each is built, or rejected with the reason."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambda_layers.builder import package_builder
from lambda_layers.builder.project_build import build
from lambda_layers.builder.restore import restore_build
from lambda_layers.errors import LayersError, WrongUse
from tests.projects import TARGET, Project
from tests.wheels import House


def layer(root: Path) -> dict[str, Any]:
    """Return the first layer of layers.json."""
    found: dict[str, Any] = json.loads((root / "build" / "layers" / "layers.json").read_text())["layers"][0]
    return found


def entries(root: Path) -> dict[str, zipfile.ZipInfo]:
    """Return the files of the first layer, by their names below python/."""
    with zipfile.ZipFile(root / layer(root)["zip"]) as zipped:
        return {entry.filename.removeprefix("python/"): entry for entry in zipped.infolist()}


def unpacked(root: Path, folder: Path) -> Path:
    """Unpack the first layer with its file modes, as Lambda does."""
    subprocess.run(["unzip", "-q", str(root / layer(root)["zip"]), "-d", str(folder)], check=True)
    return folder / "python"


def run_python(layer: Path, code: str) -> str:
    """Return the output of code that imports only the layer's packages."""
    script = f"import sys; sys.path.insert(0, {str(layer)!r})\n{code}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.gate
def test_a_program_in_a_package_can_be_run(project: Project, house: House, tmp_path: Path) -> None:
    """An executable file of a wheel has mode 0755 in the layer, other files have 0644."""
    files = {"withbin/__init__.py": "", "withbin/tool": "#!/bin/sh\necho ran\n", "withbin/data": "x"}
    house.wheel("withbin", files=files, programs=["withbin/tool"])
    root = project.write({"main": ["withbin"]})
    build(root)
    modes = {name: stat.filemode(entry.external_attr >> 16) for name, entry in entries(root).items()}
    assert (modes.pop("withbin/tool"), {*modes.values()}) == ("-rwxr-xr-x", {"-rw-r--r--"})
    code = "import subprocess, withbin, os; subprocess.run([os.path.dirname(withbin.__file__) + '/tool'], check=True)"
    assert run_python(unpacked(root, tmp_path / "opt"), code) == "ran"


@pytest.mark.gate
def test_a_cache_without_file_modes_is_refused(project: Project, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache whose file system has no file modes, such as a Windows drive in WSL, is rejected."""
    house.wheel("base")
    monkeypatch.setattr(package_builder, "_is_executable", lambda _: True)
    with pytest.raises(WrongUse, match=r"keeps no file modes.*XDG_CACHE_HOME"):
        build(project.write({"main": ["base"]}))


@pytest.mark.gate
@pytest.mark.parametrize("said", ["cp36-cp36m-manylinux2010_x86_64", "-", "no tag at all"])
def test_the_file_s_name_decides(project: Project, house: House, said: str) -> None:
    """A wheel is accepted by the tag of its file name, whatever its WHEEL file says."""
    wheel = house.wheel("tagged", tag="py3-none-manylinux2010_x86_64", said_tag=said)
    root = project.write({"main": ["tagged"]})
    build(root)
    assert "tagged/__init__.py" in entries(root)
    assert wheel.sha256 in (root / layer(root)["sbom"]).read_text()


@pytest.mark.gate
@pytest.mark.parametrize("need", ["plain (>=0.9.*)", "plain>=1,", "plain>=1; odd_marker == '1'", "plain >dev"])
def test_requirements_are_read_leniently(project: Project, house: House, need: str) -> None:
    """Requirements of old wheels that violate PEP 508 do not fail the build."""
    house.wheel("plain")
    house.wheel("lenient", headers=f"Requires-Dist: {need}\n")
    root = project.write({"main": ["lenient", "plain"]})
    build(root)
    assert "lenient/__init__.py" in entries(root)


@pytest.mark.gate
def test_a_wheel_with_invalid_metadata_is_rejected(project: Project, house: House) -> None:
    """A wheel with invalid metadata is rejected, and the error names the package."""
    house.wheel("nameless", metadata=b"Metadata-Version: 2.1\nVersion: 1.0\n")
    with pytest.raises(LayersError, match="nameless"):
        build(project.write({"main": ["nameless"]}))


def test_metadata_in_another_encoding_is_read(project: Project, house: House) -> None:
    """METADATA in Latin-1 with CRLF is read."""
    text = "Metadata-Version: 2.1\r\nName: old\r\nVersion: 1.0\r\nAuthor: J\xf6rg\r\nSummary: f\xfcr alle\r\n"
    house.wheel("old", metadata=text.encode("latin-1"))
    root = project.write({"main": ["old"]})
    build(root)
    assert json.loads((root / layer(root)["sbom"]).read_text())["components"][0]["description"] == "f\xfcr alle"


def test_top_level_packages_bin_and_include_are_shipped(project: Project, house: House, tmp_path: Path) -> None:
    """Packages named bin and include are shipped, and an installer's scripts are pruned."""
    files = {"bin/__init__.py": "", "bin/tool.py": "#!/usr/bin/env python\nX = 1\n", "include/__init__.py": "Y = 2\n"}
    files["binpkg-1.0.dist-info/entry_points.txt"] = "[console_scripts]\nhello = bin.tool:main\n"
    files["binpkg-1.0.data/scripts/script"] = "#!python\n"
    house.wheel("binpkg", files=files)
    root = project.write({"main": ["binpkg"]})
    build(root)
    assert not {"bin/hello", "bin/script"} & entries(root).keys()
    assert (
        run_python(unpacked(root, tmp_path / "opt"), "import bin.tool, include; print(bin.tool.X, include.Y)") == "1 2"
    )


def test_a_program_among_the_scripts_is_shipped(project: Project, house: House) -> None:
    """A native program of the wheel's scripts is shipped in `bin`."""
    files: dict[str, bytes | str] = {"native/__init__.py": "", "native-1.0.data/scripts/native": b"\x7fELF a program"}
    house.wheel("native", files=files, programs=["native-1.0.data/scripts/native"])
    root = project.write({"main": ["native"]})
    build(root)
    assert entries(root)["bin/native"].external_attr >> 16 == 0o100755


def test_data_folders_go_where_pip_puts_them(project: Project, house: House) -> None:
    """Files of `.data` folders are placed as pip does."""
    names = ["purelib/pure.py", "platlib/plat.py", "data/share/x.txt", "headers/x.h"]
    house.wheel("folders", files={f"folders-1.0.data/{name}": "x = 1\n" for name in names})
    root = project.write({"main": ["folders"]})
    build(root)
    found = {name for name in entries(root) if ".dist-info" not in name and not name.endswith(".pyc")}
    assert found == {"pure.py", "plat.py", "share/x.txt"}


def test_odd_records_are_read(project: Project, house: House) -> None:
    """Names with commas, quotes and umlauts, and files missing in RECORD, are shipped."""
    names = ["odd/a, b.txt", 'odd/"q".txt', "odd/\xfc.txt", "odd/__init__.py"]
    house.wheel("odd", files=dict.fromkeys(names, "x"))
    root = project.write({"main": ["odd"]})
    build(root)
    assert {*names} <= entries(root).keys()


def test_a_pattern_that_keeps_nothing_is_reported(project: Project, house: House) -> None:
    """A pattern of `keep` that matches no file is a warning in each build."""
    house.wheel("hdr", files={"hdr/__init__.py": "", "hdr/defs.h": "int x;"})
    root = project.write({"main": ["hdr"]}, target=f'{TARGET}keep = ["hdr/*.h", "hrd/*"]\n')
    warnings = ["[tool.layers] keep: no file of the layers matches 'hrd/*'"]
    assert build(root) == warnings
    restored = restore_build(root)
    assert restored is not None
    assert restored.warnings == warnings
    assert "hdr/defs.h" in entries(root)
