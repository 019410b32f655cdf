"""The lock gate runs Poetry or uv only if one of its input files has changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cdk_delivery import lockfile
from cdk_delivery.gates import lock
from cdk_delivery.lockfile import POETRY, UV, Lockfile


@dataclass
class Tool:
    """A fake of subprocess.run, which exits with `returncode`. asked: the beginnings of the commands."""

    returncode: int = 0
    asked: list[list[str]] = field(default_factory=list)

    def run(self, command: list[str], **_: object) -> Tool:
        self.asked.append([*command][:3])
        return self


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Tool:
    """A fake that replaces the real tool, which the tests of all gates run."""
    tool = Tool()
    monkeypatch.setattr("subprocess.run", tool.run)
    return tool


@pytest.fixture(params=[POETRY, UV], ids=["Poetry", "uv"])
def kind(request: pytest.FixtureRequest) -> Lockfile:
    """Each kind of lock file."""
    found: Lockfile = request.param
    return found


@pytest.fixture
def root(tmp_path: Path, tool: Tool, kind: Lockfile) -> Path:
    """A project whose lock has passed once."""
    for name in lock.input_files(kind):
        (tmp_path / name).write_text(f"# {name} as it was")
    assert lock.main(tmp_path) == 0
    assert tool.asked == [[*kind.check[:3]]]
    tool.asked.clear()
    return tmp_path


@pytest.mark.gate
@pytest.mark.parametrize("changed", [0, 1, 2], ids=["pyproject.toml", "the lock", "the tools' pins"])
def test_a_change_runs_the_tool(root: Path, tool: Tool, kind: Lockfile, changed: int) -> None:
    """A change of any input file runs the tool again until it passes."""
    (root / lock.input_files(kind)[changed]).write_text("# another")
    for tool.returncode in (1, 1, 0):
        assert lock.main(root) == tool.returncode
    assert len(tool.asked) == 3


def test_an_unchanged_lock_runs_no_tool(
    root: Path, tool: Tool, kind: Lockfile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a change the tool does not run, and the output says so."""
    assert lock.main(root) == 0
    assert (tool.asked, f"unchanged since `{kind.shown_check}` passed" in capsys.readouterr().out) == ([], True)


@pytest.mark.parametrize("missing", [0, 2], ids=["pyproject.toml", "the tools' pins"])
def test_a_missing_file_is_reported(
    root: Path, kind: Lockfile, missing: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing file is an error with its name."""
    name = lock.input_files(kind)[missing]
    (root / name).unlink()
    assert lock.main(root) == 2
    assert f"there is no {name} in {root}" in capsys.readouterr().err


@pytest.mark.gate
def test_a_project_without_a_lock_is_refused(root: Path, kind: Lockfile, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing lock file is an error with the command that creates it."""
    (root / kind.name).unlink()
    (root / "pyproject.toml").write_text(f'[tool.layers]\nlock = "{kind.name}"\n')
    assert lock.main(root) == 2
    assert f"there is no {kind.name} in {root}; `{kind.lock}` makes {kind.name}" in capsys.readouterr().err


@pytest.mark.gate
def test_two_locks_need_a_setting(root: Path, tool: Tool, kind: Lockfile, capsys: pytest.CaptureFixture[str]) -> None:
    """Two lock files are an error until a setting names one, so that no abandoned lock is used."""
    for name in (POETRY.name, UV.name):
        (root / name).write_text("# a lock")
    assert lock.main(root) == 2
    assert "has poetry.lock and uv.lock; say which one in [tool.layers]" in capsys.readouterr().err
    (root / "pyproject.toml").write_text(f'[tool.layers]\nlock = "{kind.name}"\n')
    assert lock.main(root) == 0
    assert tool.asked == [[*kind.check[:3]]]


def test_a_missing_tool_is_reported(
    root: Path, kind: Lockfile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing tool is an error with the command that installs it."""
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(root))
    (root / kind.name).write_text("another")
    assert lock.main(root) == 2
    assert f"no {kind.check[0]} on PATH; `make lock`" in capsys.readouterr().err


@pytest.mark.gate
def test_uv_refuses_a_stale_lock(tmp_path: Path) -> None:
    """The real uv fails for the lock of another pyproject.toml, and does not rewrite it."""
    (tmp_path / "requirements-tools.txt").write_text("")
    project = '[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.12"\ndependencies = []\n'
    (tmp_path / "pyproject.toml").write_text(project)
    written = 'version = 1\nrevision = 3\nrequires-python = ">=3.12"\n\n[[package]]\nname = "p"\nversion = "1"\n'
    (tmp_path / "uv.lock").write_text(written + 'source = { virtual = "." }\n')
    assert lock.main(tmp_path) == 0
    (tmp_path / "pyproject.toml").write_text(project.replace(">=3.12", ">=3.13"))
    assert lock.main(tmp_path) == 1
    assert lockfile.of_project(tmp_path) == UV
    assert written in (tmp_path / "uv.lock").read_text()
