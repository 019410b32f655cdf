"""bin/setup: errors for missing parts, and no partial results."""

from __future__ import annotations

import base64
import hashlib
import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.root import ROOT

NEEDED = (
    "README.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "bin").glob("*.py"))),
    "bin/setup",
    "pyproject.toml",
    "poetry.lock",
    "requirements-tools.txt",
    "package.json",
    "package-lock.json",
)

UV = str(ROOT / ".tools" / "bin" / "uv")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that set-up reads, and a package."""
    for name in NEEDED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / "packages" / "demo" / "src").mkdir(parents=True)
    return tmp_path


def add_wheel(project: Path, name: str, requires: str = "", module: str = "") -> Path:
    """Write a wheel of one module and the line that pins it, as in a generated project."""
    wheel = project / "wheels" / f"{name}-1.0-py3-none-any.whl"
    wheel.parent.mkdir(exist_ok=True)
    needed = f"Requires-Dist: {requires}\n" if requires else ""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", module)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needed}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name} = {name}:main\n")
        archive.writestr(f"{info}/RECORD", "")
    with (wheel.parent / "requirements.txt").open("a") as pins:
        pins.write(f"./wheels/{wheel.name} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    return wheel


@pytest.fixture
def generated(clone: Path) -> Path:
    """The files that set-up reads in a generated project: two wheels instead of packages."""
    shutil.rmtree(clone / "packages")
    for name in ("cdk_delivery", "demo"):
        add_wheel(clone, name)
    return clone


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The functions and modules of bin/setup, for the project in tmp_path."""
    monkeypatch.syspath_prepend(ROOT / "bin")
    names = runpy.run_path(str(ROOT / "bin" / "setup"))
    monkeypatch.setattr(names["project"], "ROOT", tmp_path)
    return names


def setup(clone: Path, *arguments: str) -> tuple[int, str]:
    """Run bin/setup; return its exit status and its errors."""
    command = [shutil.which("python3") or "python3", "bin/setup", *arguments]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_an_unknown_argument_is_refused(clone: Path) -> None:
    """An unknown argument is an error with the value read and the allowed values."""
    assert setup(clone, "everything") == (
        2,
        "setup: got everything; allowed are no argument at all, `verify`, `integration`, `browser`, or `tools`\n",
    )


def test_the_wheels_of_a_generated_project_are_those_that_it_pins(generated: Path, script: dict[str, Any]) -> None:
    """A generated project has its pinned wheels, all or only the requested one; the template has none."""
    pins = (generated / "wheels" / "requirements.txt").read_text().splitlines(keepends=True)
    assert script["project_packages"].pinned_wheels("") == pins
    assert script["project_packages"].pinned_wheels("cdk_delivery") == pins[:1]
    (generated / "packages" / "demo" / "src").mkdir(parents=True)
    assert script["project_packages"].pinned_wheels("") == []


@pytest.mark.gate
def test_a_changed_wheel_is_refused(generated: Path) -> None:
    """A changed wheel is rejected before an installation; the error names it and the remedy."""
    with (generated / "wheels" / "demo-1.0-py3-none-any.whl").open("ab") as wheel:
        wheel.write(b"\0")
    code, said = setup(generated, "integration")
    assert code == 2
    assert "wheels/demo-1.0-py3-none-any.whl has another hash than wheels/requirements.txt" in said
    assert "`git checkout -- wheels` gets the committed ones back" in said
    assert not (generated / "build").exists()


@pytest.mark.gate
@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "./wheels/absent-1.0-py3-none-any.whl --hash=sha256:" + "0" * 64,
            "there is no wheels/absent-1.0-py3-none-any",
        ),
        ("./wheels/demo-1.0-py3-none-any.whl", "got './wheels/demo-1.0-py3-none-any.whl\\n'; a wheel and its hash"),
        ("demo==1.0 --hash=sha256:" + "0" * 64, "a wheel and its hash are needed"),
        (None, "there is no wheels/requirements.txt"),
    ],
    ids=["absent", "without a hash", "from an index", "no pins"],
)
def test_pins_that_name_no_wheel_of_the_project_are_refused(generated: Path, line: str | None, says: str) -> None:
    """A missing wheel, a pin without a hash, a pin of an index, and missing pins are errors."""
    pins = generated / "wheels" / "requirements.txt"
    if line is None:
        pins.unlink()
    else:
        pins.write_text(f"{line}\n")
    code, said = setup(generated, "integration")
    assert code == 2
    assert says in said


@pytest.mark.parametrize(("only", "prepared_again"), [("", False), ("demo", True)])
def test_another_wheel_is_another_environment(
    generated: Path, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, only: str, *, prepared_again: bool
) -> None:
    """A changed wheel changes the environment's key; the part prepared from the lock is still shared."""
    keys = []

    def provide(*inputs: Any, added: bytes, **_: Any) -> None:
        keys.append((inputs[3:], added))

    monkeypatch.setattr(script["environment_cache"], "provide", provide)
    wanted = script["Environment"]("test", [], only=only)
    for module in ("", "changed = True\n"):
        (generated / "wheels" / "requirements.txt").unlink()
        add_wheel(generated, "demo", module=module)
        script["environment"](generated / ".venv", wanted)
    (prepared, added), (prepared_later, added_later) = keys
    assert added != added_later
    assert (prepared != prepared_later) is prepared_again


def test_last_additions_are_not_cached(tmp_path: Path, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The last additions to an environment are not cached, and a later one replaces them."""
    monkeypatch.setattr(script["environment_cache"], "CACHE", tmp_path / "environments")

    def make(prepared: Path) -> None:
        (prepared / "bin").mkdir()
        (prepared / "bin" / "python").touch()

    provide = script["environment_cache"].provide
    for name in ("first", "second", "second"):
        add = (tmp_path / ".venv" / name).touch
        provide(tmp_path / ".venv", "it", make, b"pins", finish=lambda _, add=add: add(), added=name.encode())
    assert sorted(path.name for path in (tmp_path / ".venv").iterdir()) == [
        ".setup-files",
        ".setup-stamp",
        "bin",
        "second",
    ]
    (prepared,) = (tmp_path / "environments").iterdir()
    assert sorted(path.name for path in prepared.iterdir()) == [".setup-files", "bin"]


@pytest.fixture
def environment(generated: Path) -> Path:
    """An empty relocatable environment, as set-up creates it."""
    folder = generated / "made"
    command = [UV, "venv", "--quiet", "--relocatable", "--python", sys.executable, str(folder)]
    subprocess.run(command, check=True)
    return folder


@pytest.mark.slow
def test_wheels_are_installed_with_commands_that_can_be_moved(
    generated: Path, environment: Path, script: dict[str, Any]
) -> None:
    """The installed commands work after the environment is moved."""
    (generated / "wheels" / "requirements.txt").unlink()
    add_wheel(generated, "demo", module="def main():\n    print('here')\n")
    script["project_packages"].install_wheels(UV, environment, script["project_packages"].pinned_wheels(""), check=True)
    moved = environment.rename(generated / "moved")
    assert subprocess.run([moved / "bin" / "demo"], check=True, capture_output=True, text=True).stdout == "here\n"


@pytest.mark.slow
@pytest.mark.gate
def test_a_wheel_that_the_lock_does_not_fit_is_refused(
    generated: Path, environment: Path, script: dict[str, Any]
) -> None:
    """A wheel with a requirement outside the lock is rejected; the error names the requirement and the remedy."""
    add_wheel(generated, "needy", requires="absent>=1")
    lines = script["project_packages"].pinned_wheels("")
    with pytest.raises(script["SetupError"], match=r"requires `absent>=1`(.|\n)*`copier update` brings wheels and"):
        script["project_packages"].install_wheels(UV, environment, lines, check=True)


@pytest.mark.slow
@pytest.mark.gate
def test_a_wheel_that_changes_while_it_is_installed_is_refused(
    generated: Path, environment: Path, script: dict[str, Any]
) -> None:
    """uv rejects a wheel whose hash changes during the installation."""
    lines = script["project_packages"].pinned_wheels("")
    (generated / "wheels" / "requirements.txt").unlink()
    add_wheel(generated, "demo", module="changed = True\n")
    with pytest.raises(script["SetupError"], match="Hash mismatch"):
        script["project_packages"].install_wheels(UV, environment, lines, check=True)


def test_an_environment_behind_a_cache_link_is_replaced_in_place(
    tmp_path: Path,
    script: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An environment behind CodeBuild's cache link is replaced in its place, and then reused."""
    provide: Callable[..., None] = script["environment_cache"].provide
    monkeypatch.setattr(script["environment_cache"], "CACHE", tmp_path / "environments")
    (tmp_path / "kept" / "of an older lock").mkdir(parents=True)
    (tmp_path / ".venv").symlink_to("kept")

    def make(prepared: Path) -> None:
        (prepared / "bin").mkdir()
        (prepared / "bin" / "python").touch()

    for _ in range(2):
        provide(tmp_path / ".venv", "an environment", make, b"pins")
    assert (tmp_path / ".venv").is_symlink()
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [".setup-files", ".setup-stamp", "bin"]
    assert capsys.readouterr().err == "setup: an environment -> .venv/\n"


@dataclass(frozen=True)
class Clones:
    """Clones that share one prepared environment, and the number of its preparations."""

    folder: Path
    script: dict[str, Any]
    prepared: list[Path] = field(default_factory=list)

    def provide(self, clone: str, *, verify: bool = False) -> Path:
        """Provide the environment to a clone, and return the folder with its packages."""
        self.script["project"].ROOT = self.folder / clone
        provide = self.script["environment_cache"].provide
        provide(self.folder / clone / ".venv", "an environment", self._make, b"pins", verify=verify)
        return self.folder / clone / ".venv" / "lib"

    def _make(self, folder: Path) -> None:
        self.prepared.append(folder)
        for name in ("bin/python", "lib/native.so", "lib/large.py", "lib/module.py", "lib/other.py"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(f"# {name}\n" * (20_000 if "large" in name else 1))
        (folder / "bin" / "python3").symlink_to("python")


@pytest.fixture
def clones(tmp_path: Path, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Clones:
    """Two clones, `one` and `two`, with a separate cache."""
    monkeypatch.setattr(script["environment_cache"], "CACHE", tmp_path / "environments")
    return Clones(tmp_path, script)


@pytest.mark.gate
@pytest.mark.parametrize("name", ["module.py", "other.py"])
def test_an_edit_reaches_neither_the_cache_nor_another_clone(clones: Clones, name: str) -> None:
    """An in-place edit in one clone changes neither the cache nor the other clone."""
    one, two = clones.provide("one"), clones.provide("two")
    with (one / name).open("a") as file:
        file.write("print('debugging')\n")
    (cached,) = (clones.folder / "environments").glob(f"*/lib/{name}")
    assert (two / name).read_text() == cached.read_text() == f"# lib/{name}\n"


@pytest.mark.gate
def test_what_clones_share_cannot_be_written(clones: Clones) -> None:
    """Shared native libraries and large files are read-only links, also for their owner."""
    one, two = clones.provide("one"), clones.provide("two")
    for name in ("native.so", "large.py"):
        assert (one / name).samefile(two / name)
        assert not (one / name).stat().st_mode & 0o222
    assert (one / "module.py").stat().st_mode & 0o200


@pytest.mark.gate
@pytest.mark.parametrize("change", ["edited", "edited and dated back", "deleted", "another link"])
def test_make_setup_repairs_changed_files(clones: Clones, capsys: pytest.CaptureFixture[str], change: str) -> None:
    """`make setup` restores only changed files from the cache, and names them."""
    one = clones.provide("one")
    path = one.parent / "bin" / "python3" if change == "another link" else one / "module.py"
    moment = path.stat().st_mtime_ns
    if change.startswith("edited"):
        path.write_text("# edited, and of another length\n")
    else:
        path.unlink()
    if change == "another link":
        path.symlink_to("elsewhere")
    if change == "edited and dated back":
        os.utime(path, ns=(moment, moment))
    capsys.readouterr()
    clones.provide("one", verify=True)
    assert (one / "module.py").read_text() == "# lib/module.py\n"
    assert (one.parent / "bin" / "python3").readlink() == Path("python")
    assert capsys.readouterr().err == f"setup: .venv/ was changed: {path.relative_to(one.parent)}\n"
    assert len(clones.prepared) == 1
    clones.provide("one", verify=True)
    assert capsys.readouterr().err == ""


def test_other_dates_and_more_files_are_no_change(clones: Clones, capsys: pytest.CaptureFixture[str]) -> None:
    """Other dates and additional files do not count as changes."""
    one = clones.provide("one")
    os.utime(one / "module.py", (0, 0))
    (one / "added.py").write_text("")
    capsys.readouterr()
    clones.provide("one", verify=True)
    assert capsys.readouterr().err == ""
    assert (one / "added.py").exists()


@pytest.mark.gate
@pytest.mark.parametrize("name", ["module.py", "native.so"])
def test_a_changed_cache_is_prepared_again(clones: Clones, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """A changed cache is prepared again with a message, and the clones get the right file."""
    clones.provide("one")
    (cached,) = (clones.folder / "environments").glob(f"*/lib/{name}")
    cached.chmod(0o644)
    cached.write_text("# changed\n")
    two = clones.provide("two")
    assert (two / name).read_text() == f"# lib/{name}\n"
    assert f"lib/{name} was changed; preparing it again" in capsys.readouterr().err
    assert len(clones.prepared) == 2
    one = clones.provide("one", verify=True)
    assert (one / name).read_text() == f"# lib/{name}\n"


@pytest.mark.gate
@pytest.mark.parametrize("fault", ["changed", "gone"])
def test_a_linked_environment_that_is_damaged_is_prepared_again(clones: Clones, fault: str) -> None:
    """A build with a damaged linked cache prepares the environment again, and removes no file of the user's."""
    clones.provide("one")
    (prepared,) = (clones.folder / "environments").iterdir()
    users = prepared.rename(clones.folder / prepared.name)
    prepared.symlink_to(users)
    module = users / "lib" / "module.py"
    if fault == "changed":
        module.write_text("# changed\n")
    else:
        users.rename(clones.folder / "elsewhere")
    two = clones.provide("two")
    assert (two / "module.py").read_text() == "# lib/module.py\n"
    assert not prepared.is_symlink()
    assert len(clones.prepared) == 2
    assert fault == "gone" or module.read_text() == "# changed\n"


def test_a_linked_environment_is_used(clones: Clones) -> None:
    """A build copies the user's linked environment, and prepares nothing."""
    clones.provide("one")
    (prepared,) = (clones.folder / "environments").iterdir()
    prepared.symlink_to(prepared.rename(clones.folder / prepared.name))
    assert (clones.provide("two") / "module.py").exists()
    assert len(clones.prepared) == 1


@pytest.mark.gate
def test_a_changed_script_shares_no_environment(
    clones: Clones, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed bin/setup does not use environments that another version has prepared."""
    clones.provide("one")
    (changed := tmp_path / "setup").write_text("raise SystemExit(1)\n")
    monkeypatch.setattr(clones.script["environment_cache"], "SOURCES", (changed,))
    clones.provide("two")
    assert len(clones.prepared) == 2


@pytest.mark.gate
def test_the_lock_is_the_one_that_the_project_names(clone: Path, script: dict[str, Any]) -> None:
    """The project's only lock is used; with two, [tool.layers] decides, and a missing one is an error."""
    find, pyproject = script["project"].lock, (clone / "pyproject.toml").read_text()
    assert find().name == "poetry.lock"
    (clone / "uv.lock").touch()
    with pytest.raises(script["SetupError"], match=r"poetry.lock and uv.lock; say which one in \[tool.layers\]"):
        find()
    (clone / "pyproject.toml").write_text(pyproject.replace("[tool.layers]\n", "[tool.layers]\nlock = 'uv.lock'\n"))
    assert find().name == "uv.lock"
    (clone / "uv.lock").unlink()
    with pytest.raises(script["SetupError"], match=r"there is no uv.lock.*make it with `uv lock`"):
        find()
    (clone / "pyproject.toml").write_text(pyproject)
    (clone / "uv.lock").touch()
    (clone / "poetry.lock").unlink()
    assert find().name == "uv.lock"


UV_PROJECT = """\
[project]
name = "p"
version = "1"
requires-python = ">=3.10"
[tool.uv]
index-url = "https://packages.example/simple"
[dependency-groups]
other = []
"""
UV_LOCK = """version = 1
revision = 3
requires-python = ">=3.10"

[[package]]
name = "p"
version = "1"
source = { virtual = "." }

[package.dev-dependencies]
test = [{ name = "base" }]

[package.metadata]

[package.metadata.requires-dev]
other = []
test = [{ name = "base" }]

[[package]]
name = "base"
version = "1.0"
source = { registry = "https://packages.example/simple" }
wheels = [{ url = "https://packages.example/base-1.0-py3-none-any.whl", hash = "sha256:HASH", size = 1 }]
"""


@pytest.mark.gate
def test_the_groups_of_a_lock_of_uv_are_exported(clone: Path, script: dict[str, Any]) -> None:
    """Groups of uv.lock are exported with hashes; a stale lock is an error with the command that fixes it."""
    (clone / "pyproject.toml").write_text(f'{UV_PROJECT}test = ["base"]\n')
    (clone / "uv.lock").write_text(UV_LOCK.replace("HASH", "a" * 64))
    exported = script["installation"].export(clone / "uv.lock", ["other", "test"], lambda: sys.executable)
    assert exported.replace("\\\n", "").split() == ["base==1.0", f"--hash=sha256:{'a' * 64}"]
    (clone / "pyproject.toml").write_text(UV_PROJECT)
    with pytest.raises(script["SetupError"], match="`uv lock` fixes it"):
        script["installation"].export(clone / "uv.lock", ["other"], lambda: sys.executable)


@pytest.fixture
def equipped(clone: Path) -> Path:
    """A clone with Poetry and uv."""
    (clone / ".tools").symlink_to(ROOT / ".tools")
    return clone


@pytest.mark.slow
@pytest.mark.gate
def test_a_stale_lock_of_poetry_is_refused(clone: Path, script: dict[str, Any]) -> None:
    """A poetry.lock that does not match pyproject.toml is an error with the command that fixes it."""
    pyproject = clone / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('"mypy>=', '"mypy>1,>='))
    with pytest.raises(script["SetupError"], match="`poetry lock` fixes it"):
        script["installation"].export(clone / "poetry.lock", ["quality"], lambda: sys.executable)


@pytest.mark.parametrize("name", ["requirements-tools.txt", "pyproject.toml"])
def test_a_missing_file_is_refused(clone: Path, name: str) -> None:
    """A missing file of the project is an error with the command that restores it."""
    (clone / name).unlink()
    code, said = setup(clone, "integration" if name == "pyproject.toml" else "tools")
    assert (code, said) == (2, f"setup: there is no {name} in {clone}; `git checkout -- {name}` restores it\n")


@pytest.mark.slow
def test_a_missing_lock_is_refused(equipped: Path) -> None:
    """A missing lock is an error with the command that creates it."""
    (equipped / "poetry.lock").unlink()
    code, said = setup(equipped)
    assert code == 2
    assert "there is no poetry.lock" in said
    assert "make it with `poetry lock` and commit it" in said


@pytest.mark.slow
def test_a_python_that_is_nowhere_is_refused(equipped: Path) -> None:
    """A missing Python is an error with version, reason and remedy, and leaves no environment."""
    pyproject = equipped / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('python = "3.13"', 'python = "3.99"'))
    code, said = setup(equipped)
    assert code == 2
    assert "no Python 3.99 was found on this machine, and `" in said
    assert "uv python install --no-bin 3.99` ended with" in said
    assert "[tool.layers] in pyproject.toml names it as the functions' runtime" in said
    assert "pyenv install 3.99" in said
    assert not (equipped / ".venv").exists()


@pytest.mark.slow
def test_a_project_that_is_moved_needs_no_new_environment(
    equipped: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Commands and packages work after the project is moved."""
    (equipped / "VERSION").write_text("1.0\n")
    package = equipped / "packages" / "demo"
    (package / "pyproject.toml").write_text('[project]\nname = "demo"\n[project.scripts]\ndemo = "demo:main"\n')
    (package / "src" / "demo.py").write_text("def main():\n    print(__file__)\n")
    assert setup(equipped, "integration")[0] == 0
    after = equipped.rename(tmp_path_factory.mktemp("moved") / "project")
    commands = after / "build" / "integration" / "bin"
    subprocess.run([commands / "pytest", "--version"], cwd=after.parent, check=True, capture_output=True)
    found = subprocess.run([commands / "demo"], cwd=after.parent, check=True, capture_output=True, text=True)
    assert Path(found.stdout.strip()).is_relative_to(after)
    assert setup(after, "integration") == (0, "")


def test_a_wrong_hash_names_its_package(script: dict[str, Any]) -> None:
    """A hash mismatch names the package, although uv prints it far above the end."""
    hashes = "\n".join(f"      sha256:{number:064}" for number in range(40))
    said = (
        f"  x Failed to download `click==8.1.8`\n  +-> Hash mismatch for `click==8.1.8`\n\n      Expected:\n{hashes}\n"
    )
    shown = script["commands"].shortened(f"{said}      Computed:\n        sha256:{'f' * 64}\n")
    assert "Hash mismatch for `click==8.1.8`" in shown
    assert shown.endswith("f" * 64)
    assert len(shown.splitlines()) < 20
    advice = script["commands"].hash_mismatch(said)
    assert advice.startswith("click==8.1.8: the file that was downloaded is not the one that the lock names")
    assert "`uv cache clean click`" in advice


def test_another_failure_has_no_advice_on_hashes(script: dict[str, Any]) -> None:
    """Another failure is shown unchanged."""
    assert script["commands"].hash_mismatch("error: no network") == ""
    assert script["commands"].shortened("one\ntwo") == "one\ntwo"


def downloads(script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, *failures: str) -> list[list[str]]:
    """Return the list of attempts of a download that fails with each message, and then succeeds."""
    left, attempts, failed = list(failures), [], script["SetupError"]

    def run(command: list[str], **_: str) -> str:
        attempts.append(command)
        if left:
            raise failed(f"`{' '.join(command)}` ended with 2\n{left.pop(0)}")
        return ""

    monkeypatch.setattr(script["commands"], "run", run)
    monkeypatch.setattr(script["commands"], "PAUSES", (0, 0))
    return attempts


def test_a_download_that_fails_is_tried_again(
    script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failed download is repeated, and the output has its error."""
    attempts = downloads(script, monkeypatch, "error: connection reset", "error: timed out")
    script["commands"].download(["uv", "pip", "sync"])
    assert len(attempts) == 3
    assert "error: connection reset; trying again" in capsys.readouterr().err


def test_a_download_that_keeps_failing_is_reported(script: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """After three failures the last error is raised."""
    attempts = downloads(script, monkeypatch, "one", "two", "three", "four")
    with pytest.raises(script["SetupError"], match="three"):
        script["commands"].download(["uv", "pip", "sync"])
    assert len(attempts) == 3


@pytest.mark.gate
def test_a_wrong_hash_is_refused_the_first_time(script: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash mismatch is not retried, since another attempt could get another file."""
    attempts = downloads(script, monkeypatch, "  x Hash mismatch for `click==8.1.8`")
    with pytest.raises(script["SetupError"], match="Hash mismatch"):
        script["commands"].download(["uv", "pip", "sync"])
    assert len(attempts) == 1


@pytest.mark.parametrize("version", [None, "20.0.2", "22.2.2", "22.3", "25.3rc1", "26.0.dev1"])
def test_uv_is_installed_with_any_pip(
    tmp_path: Path, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    """The machine's pip installs uv; if it is missing or older than 22.3, the pip of a new environment does."""
    ran = list[list[str]]()
    monkeypatch.setitem(sys.modules, "pip", version and SimpleNamespace(__version__=version))
    monkeypatch.setattr(script["commands"], "run", lambda command, **_: ran.append(command))
    monkeypatch.setattr(script["commands"], "download", ran.append)
    assert script["install_uv"](tmp_path, "uv==1 \\\n  --hash=sha256:0\n") == f"{tmp_path}/bin/uv"
    own = version in (None, "20.0.2", "22.2.2")
    assert ("--without-pip" in ran[0], "--python" in ran[1]) == (not own, not own)
    assert "--require-hashes" in ran[1]
    assert (tmp_path / "uv.txt").read_text() == "uv==1    --hash=sha256:0"


def test_a_python_that_is_missing_is_installed(
    script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """uv installs a missing Python for this user, and the output says so."""
    installed = list[str]()

    def run(command: list[str], **_: str) -> str:
        if command[1:3] == ["python", "install"]:
            installed.append(command[-1])
        return "/somewhere/python3.13\n" if installed else "\n"

    monkeypatch.setattr(script["interpreters"], "run", run)
    assert script["interpreters"].interpreter("3.13") == "/somewhere/python3.13"
    assert installed == ["3.13"]
    assert capsys.readouterr().err == "setup: installing Python 3.13, which this machine lacks\n"


def test_cdk_has_the_files_of_its_own_distribution() -> None:
    """Files that aws-cdk-lib shares with its dependency have aws-cdk-lib's content, as with pip."""
    files = {str(file): file for file in distribution("aws-cdk-lib").files or ()}
    shared = [str(file) for file in distribution("aws-cdk.cloud-assembly-schema").files or () if str(file) in files]
    assert shared
    for name in shared:
        noted = files[name].hash
        digest = hashlib.sha256(Path(files[name].locate()).read_bytes()).digest()
        assert noted is not None
        assert noted.value == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
