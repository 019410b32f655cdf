"""The complete build of small projects: its output and its errors."""

from __future__ import annotations

import json
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambda_layers import toml_files
from lambda_layers.builder import bytecode, cache_key
from lambda_layers.builder.cache import Cache
from lambda_layers.builder.command import build
from lambda_layers.builder.layer import build_layer
from lambda_layers.builder.packages import PackageBuilder
from lambda_layers.builder.restore import Restored, restore_build
from lambda_layers.errors import LayersError, WrongUse
from lambda_layers.locks.graph import Lock
from lambda_layers.locks.pin import Pin
from lambda_layers.settings import parse
from tests.projects import Project
from tests.wheels import House


def made(root: Path) -> dict[str, Any]:
    """Return layers.json of a project."""
    found: dict[str, Any] = json.loads((root / "build" / "layers" / "layers.json").read_text())
    return found


def names(root: Path, layer: int) -> list[str]:
    """Return the names in a layer's zip."""
    return zipfile.ZipFile(root / made(root)["layers"][layer]["zip"]).namelist()


def test_a_function_gets_the_shared_layer_and_its_own(project: Project, house: House) -> None:
    """A group named after a function is a layer with the packages that the shared one lacks."""
    house.wheel("base")
    house.wheel("extra", requires=["base", "deep"])
    house.wheel("deep")
    root = project.write({"main": ["base"], "one": ["extra"]})
    build(root)
    layers = [
        (layer["name"], layer["functions"], [p["name"] for p in layer["packages"]]) for layer in made(root)["layers"]
    ]
    assert layers == [("shared", ["one", "two"], ["base"]), ("one", ["one"], ["deep", "extra"])]
    assert made(root)["bytecode"] is True


def test_the_digest_of_the_bytes_is_in_the_name(project: Project, house: House) -> None:
    """The file name of a layer has the SHA-256 digest of its bytes."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    build(root)
    (layer,) = made(root)["layers"]
    assert layer["zip"] == f"build/layers/shared-{layer['sha256']}.zip"
    assert layer["bytes"] == (root / layer["zip"]).stat().st_size
    assert layer["unzipped_bytes"] == sum(entry.file_size for entry in zipfile.ZipFile(root / layer["zip"]).infolist())


def test_a_second_build_has_nothing_to_do(project: Project, house: House) -> None:
    """A second build restores the same bytes from the cache, also after build/ was removed."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    assert restore_build(root) is None
    build(root)
    before = made(root)
    (root / before["layers"][0]["zip"]).unlink()
    (root / "build" / "layers" / "layers.json").unlink()
    assert restore_build(root) == Restored([])
    assert made(root) == before
    assert (root / before["layers"][0]["zip"]).exists()


def test_a_build_with_nothing_to_do_parses_no_file(
    project: Project, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build without changes parses no file, and still notices another tool's lock file."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    build(root)
    assert restore_build(root) == Restored([])
    with monkeypatch.context() as patch:
        patch.setattr(toml_files, "parse", lambda _: pytest.fail("a file was parsed"))
        assert restore_build(root) == Restored([])
    (root / "uv.lock").write_text("version = 1\n")
    with pytest.raises(WrongUse, match=r"has poetry\.lock and uv\.lock; say which one"):
        restore_build(root)


@pytest.mark.gate
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("pyproject.toml", 'python = "3.13"', 'python = "3.14"'),
        ("pyproject.toml", 'architecture = "x86_64"', 'architecture = "arm64"'),
        ("pyproject.toml", "[tool.layers]", '[tool.layers]\nruntime-provided = "drop"'),
        ("pyproject.toml", "[tool.layers]", "[tool.layers]\ndrop-tests = true"),
        ("pyproject.toml", "[tool.layers]", '[tool.layers]\nbuild-from-source = ["base"]'),
        ("pyproject.toml", "one = []", 'one = ["base"]'),
        ("pyproject.toml", ">=3.12,<3.15", ">=3.13,<3.15"),
        ("poetry.lock", 'version = "1.0"', 'version = "1.1"'),
        ("requirements-tools.txt", "uv==1", "uv==2"),
        ("lambda/new/main.py", "", "def handler(event, context): ...\n"),
    ],
)
def test_each_input_of_a_build_is_part_of_its_key(
    project: Project, house: House, file: str, old: str, new: str
) -> None:
    """A change of settings, groups, lock, tools or functions changes the cache key."""
    house.wheel("base")
    root = project.write({"main": ["base"], "one": []})
    (root / "requirements-tools.txt").write_text("uv==1\n")
    (root / ".tools").mkdir()
    asked = cache_key.project_key(root)
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text() if path.exists() else ""
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert cache_key.project_key(root) != asked


@pytest.mark.gate
@pytest.mark.parametrize(
    "change", ["python", "architecture", "drop_tests", "keep", "build_from_source", "machinery", "hashes"]
)
def test_each_input_of_a_package_is_part_of_its_key(tmp_path: Path, change: str) -> None:
    """A change of target, options, tools or hashes changes the cache key of a package."""
    asked: dict[str, Any] = {"python": "3.13", "architecture": "x86_64", "drop-tests": False, "keep": []}
    changes = {"python": "3.14", "architecture": "arm64", "drop-tests": True, "keep": ["*.h"]}
    changes["build-from-source"] = ["base"]
    setting = change.replace("_", "-")
    other = {**asked, **({setting: changes[setting]} if setting in changes else {})}
    keys = {
        PackageBuilder(
            root=tmp_path,
            settings=parse(settings),
            python=None,
            lock=Lock({}, {}),
            tool_versions=machinery,
            cache=Cache(tmp_path),
        )._key(Pin("base", "1", hashes=hashes))
        for settings, machinery, hashes in [
            (asked, ["tools"], ("a",)),
            (other, ["tools", *(["others"] if change == "machinery" else [])], ("b" if change == "hashes" else "a",)),
        ]
    }
    assert len(keys) == 2


@pytest.mark.gate
def test_the_builder_s_own_source_is_part_of_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer builder does not reuse the layers of an older one."""
    before = cache_key.toolchain(tmp_path, "3.13")
    source = tmp_path / "layers" / "builder" / "cache_key.py"
    source.parent.mkdir(parents=True)
    source.write_text("another")
    monkeypatch.setattr(cache_key, "__file__", str(source))
    changed = cache_key.toolchain(tmp_path, "3.13")
    assert changed != before
    (tmp_path / "layers" / "target").mkdir()
    (tmp_path / "layers" / "target" / "platform.py").write_text("a module of another folder")
    cache_key._source_digest.cache_clear()  # each build is a new process
    assert cache_key.toolchain(tmp_path, "3.13") != changed


@pytest.mark.gate
def test_a_closure_that_lacks_what_a_package_needs_is_refused(project: Project, house: House) -> None:
    """A lock that lacks a requirement of a wheel's METADATA is rejected."""
    house.wheel("base", headers="License-Expression: MIT\nRequires-Dist: absent\n")
    with pytest.raises(LayersError, match=r"base needs absent, as the wheel.*`poetry add --lock absent`"):
        build(project.write({"main": ["base"]}))


@pytest.mark.gate
def test_a_wrong_hash_is_refused(project: Project, house: House) -> None:
    """A file that differs from the locked one is rejected, and nothing is built."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    house.wheel("base", files={"base/__init__.py": "import os; os.environ\n"})
    with pytest.raises(LayersError, match=r"(?is)hash mismatch.*base") as refused:
        build(root)
    assert "build-from-source" not in str(refused.value)
    assert not (root / "build").exists()


@pytest.mark.gate
def test_a_wrong_hash_is_refused_where_everything_is_in_caches(project: Project, house: House) -> None:
    """A wrong hash is rejected although the right file of the package is cached."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    build(root)
    lock = root / "poetry.lock"
    lock.write_text(lock.read_text().replace(house.wheels["base"].sha256, "0" * 64))
    assert restore_build(root) is None
    with pytest.raises(LayersError, match=r"(?is)hash mismatch.*base"):
        build(root)


@pytest.mark.gate
def test_a_source_only_package_is_refused_by_name(project: Project, house: House) -> None:
    """A package without a wheel is rejected, and the error names build-from-source."""
    house.source("onlysource")
    root = project.write({"main": ["onlysource"]})
    with pytest.raises(LayersError, match=r"(?s)onlysource.*no wheel for Python 3.13 on x86_64.*build-from-source"):
        build(root)


def test_a_source_package_is_built_where_it_is_allowed(project: Project, house: House) -> None:
    """A package in `build-from-source` is built, if the target is this machine."""
    house.source("onlysource")
    root = project.write(
        {"main": ["onlysource"]},
        target='python = "3.13"\narchitecture = "x86_64"\nbuild-from-source = ["onlysource"]\n',
    )
    build(root)
    assert "python/onlysource.py" in names(root, 0)


@pytest.mark.gate
def test_a_source_package_is_not_built_for_another_machine(project: Project, house: House) -> None:
    """A source package is rejected if the target is another architecture."""
    house.source("onlysource")
    target = 'python = "3.13"\narchitecture = "arm64"\nbuild-from-source = ["onlysource"]\n'
    with pytest.raises(WrongUse, match="onlysource can be built for this machine alone"):
        build(project.write({"main": ["onlysource"]}, target=target))


@pytest.mark.gate
@pytest.mark.parametrize("tag", ["cp313-cp313-manylinux_2_28_aarch64", "cp312-cp312-manylinux_2_28_x86_64"])
def test_a_wheel_for_another_machine_or_python_is_refused(project: Project, house: House, tag: str) -> None:
    """A package without a wheel for the target is rejected; the error names package and target."""
    house.wheel("native", tag=tag)
    root = project.write({"main": ["native"]})
    with pytest.raises(LayersError, match=r"(?s)native.*no wheel for Python 3.13 on x86_64"):
        build(root)


@pytest.mark.gate
def test_a_missing_lock_is_refused(project: Project, house: House) -> None:
    """A missing lock file is an error that names the command; nothing is locked silently."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    (root / "poetry.lock").unlink()
    with pytest.raises(WrongUse, match="`poetry lock`"):
        build(root)
    assert not (root / "poetry.lock").exists()


@pytest.mark.gate
def test_a_stale_lock_is_refused(project: Project, house: House) -> None:
    """A lock that does not match pyproject.toml is rejected."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    build(root)
    pyproject = root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('["base"]', '["base>=0.1"]'))
    assert restore_build(root) is None
    with pytest.raises(LayersError, match="poetry lock"):
        build(root)


@pytest.mark.gate
def test_a_closure_that_markers_empty_is_refused(project: Project, house: House) -> None:
    """A layer is rejected if the markers exclude all of its packages."""
    house.wheel("base")
    root = project.write({"main": ["base"]}, target='python = "3.14"\narchitecture = "x86_64"\n')
    text = (root / "pyproject.toml").read_text().replace("<3.15", "<3.14")
    (root / "pyproject.toml").write_text(text)
    project.lock()
    lock = root / "poetry.lock"
    lock.write_text(lock.read_text().replace("<3.15", "<3.14"))
    with pytest.raises(
        LayersError, match=r"layer shared: the lock has 1 packages for it, and none is for Python 3\.14"
    ):
        build(root)


@pytest.mark.gate
def test_a_lock_that_changes_during_the_build_is_noticed(
    project: Project, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock that changes during the build fails it, and its layers are not cached."""
    house.wheel("base")
    root = project.write({"main": ["base"]})

    def change_lock(*arguments: Any) -> Any:
        house.wheel("base", "2.0")
        project.lock()
        return build_layer(*arguments)

    monkeypatch.setattr("lambda_layers.builder.layers.build_layer", change_lock)
    with pytest.raises(LayersError, match="changed while its layers were built"):
        build(root)
    monkeypatch.undo()
    assert restore_build(root) is None


def test_unused_layers_are_removed(project: Project, house: House) -> None:
    """Unused layers are removed after a day, since a synthesis may still read them."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    build(root)
    folder = root / "build" / "layers"
    there = {path.name for path in folder.iterdir()}
    for name, days in (("shared-old.zip", 2), ("shared-old.cdx.json", 2), ("shared-new.zip", 0)):
        (folder / name).write_text("")
        moment = time.time() - days * 24 * 3600
        os.utime(folder / name, (moment, moment))
    for name in there:
        os.utime(folder / name, (0, 0))
    assert restore_build(root) == Restored([])
    assert {path.name for path in folder.iterdir()} == {*there, "shared-new.zip"}


def test_a_project_without_packages_has_no_layers(project: Project) -> None:
    """A project whose groups are empty has no layers."""
    root = project.write({"main": []})
    build(root)
    assert made(root)["layers"] == []


@pytest.mark.gate
def test_a_function_that_outgrew_lambda_is_refused(
    project: Project, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function whose code and layers exceed Lambda's limit is rejected, and the previous build is kept."""
    house.wheel("base")
    root = project.write({"main": ["base"]})
    build(root)
    before = made(root)
    monkeypatch.setattr("lambda_layers.target.limits.UNZIPPED", before["layers"][0]["unzipped_bytes"] + 1000)
    (root / "lambda" / "one" / "data.bin").write_bytes(bytes(2000))
    for run in (restore_build, build):
        with pytest.raises(LayersError, match=r"one: its code and layers are .* the largest packages: base"):
            run(root)
    assert made(root) == before


@pytest.mark.gate
def test_a_compiling_process_that_is_killed_ends_the_build(
    project: Project, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The build fails if a compiling process is killed, instead of shipping half of the bytecode."""
    killed = bytecode._COMPILE.replace("os._exit(0)", "os.kill(os.getpid(), 9)").replace("os.cpu_count() or 1", "2")
    monkeypatch.setattr(bytecode, "_COMPILE", killed)
    house.wheel("base")
    with pytest.raises(LayersError, match="a process that compiles was killed"):
        build(project.write({"main": ["base"]}))
