"""Layers from uv.lock: the same pins give the same bytes as poetry.lock."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambda_layers import manifest
from lambda_layers.analysis.diff import compare_manifests
from lambda_layers.analysis.why import why
from lambda_layers.builder import cache_key
from lambda_layers.builder.project_build import build, restore_or_build
from lambda_layers.builder.restore import restore_build
from lambda_layers.errors import LayersError, WrongUse
from lambda_layers.subprocesses import find_tool, run
from tests.built_layers import made
from tests.indexes import Index, serve
from tests.projects import TARGET, Project
from tests.root import ROOT
from tests.test_own_packages import library
from tests.wheels import House


def lock(root: Path, tool: str = "uv", **variables: str) -> None:
    """Lock with the real tool."""
    run([find_tool(tool, ROOT), "lock"], cwd=root, env={"UV_PYTHON": sys.executable, **variables})


def set_lock(root: Path, name: str) -> None:
    """Set the lock file's name in the settings."""
    text = (root / "pyproject.toml").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("lock = ")]
    lines.insert(lines.index("[tool.layers]") + 1, f'lock = "{name}"')
    (root / "pyproject.toml").write_text("\n".join(lines) + "\n")


@pytest.fixture
def index(tmp_path: Path, house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index from which both tools can lock."""
    monkeypatch.delenv("UV_NO_INDEX")
    monkeypatch.delenv("UV_FIND_LINKS")
    monkeypatch.setenv("POETRY_CACHE_DIR", str(tmp_path / "poetry"))
    with serve(house.folder) as served:
        yield served


@pytest.fixture
def root(project: Project, house: House, index: Index) -> Path:
    """A project with uv.lock only; function `one` has a group that includes another group."""
    house.wheel("base")
    house.wheel("deep")
    house.wheel("windows")
    house.wheel("extra", requires=["deep", "windows; sys_platform == 'win32'"])
    root = project.write({"main": ["base"], "one": [], "common": ["extra"]})
    text = (root / "pyproject.toml").read_text().replace("one = []", 'one = [{include-group = "common"}]')
    text = text.replace("[tool.poetry]\npackage-mode = false\n", "")
    (root / "pyproject.toml").write_text(f'{text}[[tool.uv.index]]\nurl = "{index.url}"\ndefault = true\n')
    (root / "poetry.lock").unlink()
    lock(root)
    return root


def test_layers_are_built_from_uv_lock(root: Path) -> None:
    """Groups of PEP 735 become layers, markers of the target are evaluated, and `why` works."""
    build(root)
    built = manifest.read(root / manifest.MANIFEST_PATH)
    layers = [(layer["name"], [package["name"] for package in layer["packages"]]) for layer in made(root)["layers"]]
    assert layers == [("shared", ["base"]), ("one", ["deep", "extra"])]
    assert restore_build(root) is not None
    reason, *_ = why(root, "deep")
    assert (reason.layer, reason.way) == ("one", ("extra", "deep"))
    restore_or_build(root)
    assert compare_manifests(built, manifest.read(root / manifest.MANIFEST_PATH)) == []


@pytest.mark.gate
def test_a_changed_uv_lock_is_noticed(root: Path, house: House) -> None:
    """A new version in uv.lock gives a new layer."""
    build(root)
    before = made(root)["layers"][0]["sha256"]
    house.wheel("base", "2.0")
    run([find_tool("uv", ROOT), "lock", "--upgrade"], cwd=root, env={"UV_PYTHON": sys.executable})
    assert restore_build(root) is None
    build(root)
    assert made(root)["layers"][0]["packages"][0]["version"] == "2.0"
    assert made(root)["layers"][0]["sha256"] != before


@pytest.mark.gate
def test_a_stale_uv_lock_is_refused(root: Path) -> None:
    """A uv.lock that does not match pyproject.toml is rejected and not changed."""
    pyproject = root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('["base"]', '["base", "deep"]'))
    before = (root / "uv.lock").read_bytes()
    with pytest.raises(LayersError, match="uv lock"):
        build(root)
    assert (root / "uv.lock").read_bytes() == before


@pytest.mark.gate
def test_a_python_that_uv_cannot_use_is_reported(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A requires-python that excludes the available interpreters is an error that says what to install."""
    pyproject = root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(">=3.12,<3.15", ">=3.14,<3.15"))
    with pytest.raises(LayersError, match=r"(?s)Python requirement.*`uv python install 3\.13`"):
        build(root)


@pytest.mark.gate
def test_two_locks_need_a_setting(root: Path) -> None:
    """Two lock files are an error until the settings name one."""
    (root / "poetry.lock").write_text("")
    with pytest.raises(WrongUse, match=r"has poetry.lock and uv.lock; say which one in \[tool.layers\]"):
        build(root)
    set_lock(root, "uv.lock")
    build(root)
    assert [layer["name"] for layer in made(root)["layers"]] == ["shared", "one"]


@pytest.mark.gate
def test_a_missing_uv_lock_is_refused(root: Path) -> None:
    """A missing uv.lock is an error that names the command, if pyproject.toml has uv's tables."""
    (root / "uv.lock").unlink()
    with pytest.raises(WrongUse, match=r"there is no uv\.lock in .*`uv lock`"):
        build(root)


@pytest.mark.gate
@pytest.mark.parametrize("source", ['path = "libs/own"', 'path = "libs/own", editable = true', "workspace = true"])
def test_an_edited_library_of_the_repository_is_noticed(root: Path, source: str) -> None:
    """A path dependency or workspace member is built, and built again after a change."""
    library(root / "libs" / "own")
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text().replace('["base"]', '["base", "own"]')
    members = '[tool.uv.workspace]\nmembers = ["libs/*"]\n' if "workspace" in source else ""
    pyproject.write_text(f"{text}[tool.uv.sources]\nown = {{{source}}}\n{members}")
    lock(root)
    build(root)
    key = cache_key.project_key(root)
    (root / "uv.lock").write_bytes((root / "uv.lock").read_bytes().replace(b"\n", b"\r\n"))
    assert cache_key.project_key(root) == key
    assert [package["name"] for package in made(root)["layers"][0]["packages"]] == ["base", "own"]
    (root / "libs" / "own" / "own.py").write_text("ANSWER = 43\n")
    assert restore_build(root) is None


@pytest.mark.gate
def test_members_of_a_workspace_may_need_each_other(root: Path) -> None:
    """A layer has only the workspace members that its group needs."""
    for name in ("own", "lone"):
        library(root / "libs" / name)
    lone, own = (root / "libs" / name / "pyproject.toml" for name in ("lone", "own"))
    lone.write_text(lone.read_text().replace('name = "own"', 'name = "lone"'))
    own.write_text(own.read_text().replace("dependencies = []", 'dependencies = ["deep"]'))
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text().replace('["base"]', '["base", "own"]')
    sources = "[tool.uv.sources]\nown = {workspace = true}\nlone = {workspace = true}\n"
    pyproject.write_text(f'{text}{sources}[tool.uv.workspace]\nmembers = ["libs/*"]\n')
    lock(root)
    build(root)
    assert [package["name"] for package in made(root)["layers"][0]["packages"]] == ["base", "deep", "own"]


@pytest.mark.slow
@pytest.mark.gate
@pytest.mark.parametrize("tool", ["poetry", "uv"])
def test_an_unlocked_requirement_is_named_with_its_command(
    project: Project, house: House, index: Index, tool: str
) -> None:
    """A package that only the target's wheel requires is named with the command that adds it."""
    house.wheel("het", tag="py3-none-macosx_11_0_arm64")
    house.wheel("het", tag="py3-none-manylinux2014_x86_64", requires=["only-here"])
    house.wheel("only-here")
    root = project.write({"main": ["only-here"]})
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text()
    text += f'[[tool.poetry.source]]\nname = "corp"\nurl = "{index.url}"\npriority = "primary"\n'
    text += f'[[tool.uv.index]]\nname = "corp"\nurl = "{index.url}"\ndefault = true\n'
    text = text.replace("[tool.layers]\n", f'[tool.layers]\nlock = "{tool}.lock"\n')
    pyproject.write_text(text.replace('["only-here"]', '["het"]'))
    lock(root, tool)
    assert "only-here" not in (root / f"{tool}.lock").read_text()
    command = {"poetry": "poetry add --lock only-here", "uv": "uv add --no-sync only-here"}[tool]
    with pytest.raises(LayersError, match=f"het needs only-here, as the wheel.*`{command}`"):
        build(root)
    run([find_tool(tool, ROOT), *command.split()[1:]], cwd=root, env={"UV_PYTHON": sys.executable})
    build(root)
    assert [package["name"] for package in made(root)["layers"][0]["packages"]] == ["het", "only-here"]


@pytest.mark.slow
@pytest.mark.gate
def test_the_same_pins_give_the_same_bytes(project: Project, house: House, index: Index) -> None:
    """The same pins from Poetry and uv give equal layers, names and bills of materials."""
    house.wheel(
        "base",
        requires=["deep", "windows; sys_platform == 'win32'", "more; extra == 'all'"],
        headers="Provides-Extra: all\n",
    )
    for name in ("deep", "windows", "more", "own-extra"):
        house.wheel(name)
    house.wheel("native", tag="cp313-cp313-manylinux_2_17_x86_64")
    house.wheel("native", tag="cp313-cp313-macosx_11_0_arm64")
    root = project.write({"main": ["base[all]"], "one": ["native", "own-extra"], "test": ["deep"]}, target=TARGET)
    text = (root / "pyproject.toml").read_text()
    text += f'[[tool.poetry.source]]\nname = "corp"\nurl = "{index.url}"\npriority = "primary"\n'
    text += f'[[tool.uv.index]]\nname = "corp"\nurl = "{index.url}"\ndefault = true\n'
    (root / "pyproject.toml").write_text(text)
    for tool in ("poetry", "uv"):
        lock(root, tool)
    found = []
    for name in ("poetry.lock", "uv.lock"):
        set_lock(root, name)
        assert restore_build(root) is None
        build(root)
        bills = [(root / layer["sbom"]).read_bytes() for layer in made(root)["layers"]]
        found.append((made(root), bills))
    assert [package["name"] for package in found[0][0]["layers"][0]["packages"]] == ["base", "deep", "more"]
    assert found[0] == found[1]


@pytest.mark.slow
@pytest.mark.gate
def test_a_private_index_of_uv_is_asked_with_its_credentials(
    project: Project, house: House, tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package of a named `[[tool.uv.index]]` comes only from that index, with its credentials."""
    (tmp_path / "corp").mkdir()
    House(tmp_path / "corp").wheel("acme", files={"acme/__init__.py": "FROM = 'corp'\n"})
    house.wheel("acme")
    house.wheel("base")
    root = project.write({"main": ["base", "acme"]})
    (root / "poetry.lock").unlink()
    with serve(tmp_path / "corp", ("me", "pw-of-corp")) as corp:
        text = (root / "pyproject.toml").read_text().replace("[tool.poetry]\npackage-mode = false\n", "")
        text += f'[[tool.uv.index]]\nname = "public"\nurl = "{index.url}"\ndefault = true\n'
        text += f'[[tool.uv.index]]\nname = "corp"\nurl = "{corp.url}"\nexplicit = true\n'
        (root / "pyproject.toml").write_text(f'{text}[tool.uv.sources]\nacme = {{index = "corp"}}\n')
        credentials = {
            "UV_INDEX_CORP_USERNAME": "me",
            "UV_INDEX_CORP_PASSWORD": "pw-of-corp",  # pragma: allowlist secret
        }
        lock(root, **credentials)
        run([find_tool("uv", ROOT), "cache", "clean"], cwd=root)
        with pytest.raises(LayersError, match=r"takes acme from the source corp .*UV_INDEX_CORP_PASSWORD"):
            build(root)
        for name, value in credentials.items():
            monkeypatch.setenv(name, value)
        asked = len(index.asked)
        build(root)
    assert [path for path in index.asked[asked:] if "acme" in path] == []
    assert [package["name"] for package in made(root)["layers"][0]["packages"]] == ["acme", "base"]
