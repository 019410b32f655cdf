"""The same lock, target and tools give the same bytes, with bytecode that Lambda accepts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from lambda_layers import manifest
from lambda_layers.builder import cache, restore
from lambda_layers.builder.project_build import build
from tests.projects import Project
from tests.root import PACKAGE, ROOT
from tests.wheels import House

# Imports the named modules, and prints which of their files were compiled.
_IMPORTS = """
import importlib, json, sys
folder, compiled = sys.argv[1], []
def hook(event, arguments):
    if event == "compile" and str(arguments[1]).endswith(".py"):
        compiled.append(str(arguments[1]))
sys.path.insert(0, folder)
sys.addaudithook(hook)
for name in sys.argv[2:]:
    importlib.import_module(name)
print(json.dumps(compiled))
"""


_BUILD = "from pathlib import Path; from lambda_layers.builder.project_build import build; build(Path.cwd())"
# A machine with one core, another clock, and a file system that lists its files in reverse order.
_OTHERWISE = """
import concurrent.futures as futures, os, time
init, now, listed, scanned = futures.ThreadPoolExecutor.__init__, time.time, os.listdir, os.scandir
futures.ThreadPoolExecutor.__init__ = lambda self, workers=None, **more: init(self, 2, **more)
time.time = lambda: now() - 10**7
class Scanned:
    def __init__(self, entries):
        self.entries = iter(entries)
    __iter__ = __enter__ = lambda self: self
    __exit__ = lambda self, *error: None
    __next__ = lambda self: next(self.entries)
    close = lambda self: None
os.listdir = lambda *path: sorted(listed(*path), reverse=True)
os.scandir = lambda *path: Scanned(sorted(scanned(*path), key=lambda entry: entry.name, reverse=True))
"""


def unpack(archive: Path, to: Path) -> Path:
    """Unpack as Lambda does: with the zip's times, read-only."""
    with zipfile.ZipFile(archive) as zipped:
        for entry in zipped.infolist():
            path = Path(zipped.extract(entry, to))
            moment = time.mktime((*entry.date_time, 0, 0, -1))
            os.utime(path, (moment, moment))
            path.chmod(0o444)
    for folder in to.rglob("*"):
        if folder.is_dir():
            folder.chmod(0o555)
    return to / "python"


def compiled(folder: Path, *modules: str) -> list[str]:
    """Return the files that importing these modules from an unpacked layer compiles."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _IMPORTS, str(folder), *modules], capture_output=True, text=True, check=True
    )
    found: list[str] = json.loads(done.stdout)
    return found


def test_the_bytes_depend_on_nothing_around_them(project: Project, house: House, tmp_path: Path) -> None:
    """Folder, umask, time zone, locale, hash seed, clock, file order and threads do not change the bytes."""
    base = {f"base/m{index}.py": f"VALUES = {{'a', 'b', 'c'}}\nNUMBER = {index}\n" for index in range(20)}
    house.wheel("base", files={"base/__init__.py": "", **base})
    house.wheel("extra", requires=["base"])
    root = project.write({"main": ["base"], "one": ["extra"]})
    other = tmp_path / "elsewhere" / "with a space"
    shutil.copytree(root, other)
    ways = [(root, "022", "UTC", "C", "0"), (other, "077", "Asia/Tokyo", "C.UTF-8", "12345")]
    for folder, umask, zone, locale, seed in ways:
        environ = {**os.environ, "PYTHONPATH": str(PACKAGE), "TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": seed}
        environ["XDG_CACHE_HOME"] = str(folder / "cache")
        command = f"umask {umask}; exec {sys.executable} -c '{'' if folder == root else _OTHERWISE}{_BUILD}'"
        subprocess.run(["sh", "-c", command], cwd=folder, env=environ, check=True, capture_output=True)
    here, there = ((folder / manifest.MANIFEST_PATH).read_text() for folder, *_ in ways)
    assert here == there
    for path in json.loads(here)["layers"]:
        assert (root / path["sbom"]).read_bytes() == (other / path["sbom"]).read_bytes()


def test_an_import_compiles_nothing(project: Project, house: House, tmp_path: Path) -> None:
    """The bytecode is valid with the zip's times, in a read-only folder."""
    house.wheel("base", files={"base/__init__.py": "from base import inner", "base/inner.py": "X = 1"})
    root = project.write({"main": ["base"]})
    build(root)
    (layer,) = manifest.read(root / manifest.MANIFEST_PATH).layers
    assert compiled(unpack(root / layer.zip, tmp_path / "opt"), "base") == []


@pytest.mark.gate
def test_bytecode_with_dates_would_be_noticed(tmp_path: Path) -> None:
    """The check above finds bytecode with dates, which `pip install -t` writes and each cold start compiles again."""
    source = tmp_path / "source" / "python" / "base"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text("X = 1")
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(source)], check=True)
    archive = tmp_path / "layer.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in sorted(source.rglob("*.*")):
            if path.is_file():
                name = path.relative_to(tmp_path / "source").as_posix()
                zipped.writestr(zipfile.ZipInfo(name), path.read_bytes())
    (found,) = compiled(unpack(archive, tmp_path / "opt"), "base")
    assert found.endswith("base/__init__.py")


def test_this_project_s_packages_compile_nothing(tmp_path: Path) -> None:
    """Importing every package of echo's layers compiles no module."""
    if restore.restore_build(ROOT) is None:
        build(ROOT)
    layers = manifest.read(ROOT / manifest.MANIFEST_PATH).layers_of("echo")
    for layer in layers:
        unpack(ROOT / layer.zip, tmp_path / "opt")
        (tmp_path / "opt" / "python").chmod(0o755)
    modules = [package.name.replace("-", "_") for layer in layers for package in layer.packages]
    assert "pydantic_core" in modules
    assert compiled(tmp_path / "opt" / "python", *modules) == []
    assert all(cache.sha256(ROOT / layer.zip) == layer.sha256 for layer in layers)


@pytest.mark.slow
def test_this_project_s_layers_are_the_same_from_empty_caches(tmp_path: Path) -> None:
    """A build of this project in another folder, from empty caches, has the same bytes."""
    if restore.restore_build(ROOT) is None:
        build(ROOT)
    for name in ("pyproject.toml", "poetry.lock"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "lambda", tmp_path / "lambda")
    (tmp_path / ".tools").symlink_to(ROOT / ".tools")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        patch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        build(tmp_path)
    here, there = (json.loads((root / manifest.MANIFEST_PATH).read_text()) for root in (ROOT, tmp_path))
    assert here == there


def test_a_file_that_is_no_python_stays_as_it_is(project: Project, house: House) -> None:
    """A template is shipped unchanged and without bytecode."""
    house.wheel("base", files={"base/__init__.py": "", "base/template.py": "print {{ name }}"})
    root = project.write({"main": ["base"]})
    build(root)
    (layer,) = manifest.read(root / manifest.MANIFEST_PATH).layers
    names = zipfile.ZipFile(root / layer.zip).namelist()
    assert [name for name in names if name.startswith("python/base/")] == [
        "python/base/__init__.py",
        "python/base/__pycache__/__init__.cpython-313.pyc",
        "python/base/template.py",
    ]
