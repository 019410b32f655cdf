"""Builds of small projects that are refused."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_layers.builder import bytecode
from lambda_layers.builder.layer import build_layer
from lambda_layers.builder.project_build import build
from lambda_layers.builder.restore import restore_build
from lambda_layers.errors import LayersError, WrongUse
from tests.built_layers import made, names
from tests.projects import Project
from tests.wheels import House


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
