"""Poetry is asked about its lock again where something has changed, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cdk_delivery.gates import lock


@dataclass
class Poetry:
    """Ends with `returncode`; `asked`: its arguments, each time."""

    returncode: int = 0
    asked: list[list[str]] = field(default_factory=list)

    def run(self, command: list[str], **_: object) -> Poetry:
        self.asked.append(command)
        return self


@pytest.fixture
def poetry(monkeypatch: pytest.MonkeyPatch) -> Poetry:
    """In place of the real one, which the table of gates runs."""
    poetry = Poetry()
    monkeypatch.setattr("subprocess.run", poetry.run)
    return poetry


@pytest.fixture
def root(tmp_path: Path, poetry: Poetry) -> Path:
    """A project whose lock was fine."""
    for name in lock.INPUT_FILES:
        (tmp_path / name).write_text(f"{name} as it was")
    assert lock.main(tmp_path) == 0
    assert poetry.asked == [["poetry", "check", "--lock"]]
    poetry.asked.clear()
    return tmp_path


@pytest.mark.gate
@pytest.mark.parametrize("name", lock.INPUT_FILES)
def test_a_change_is_asked_about(root: Path, poetry: Poetry, name: str) -> None:
    """And again, as long as Poetry says no."""
    (root / name).write_text("another")
    for poetry.returncode in (1, 1, 0):
        assert lock.main(root) == poetry.returncode
    assert len(poetry.asked) == 3


def test_what_did_not_change_is_not_asked_about(root: Path, poetry: Poetry, capsys: pytest.CaptureFixture[str]) -> None:
    """And it says so."""
    assert lock.main(root) == 0
    assert (poetry.asked, "`poetry check --lock` had nothing to say" in capsys.readouterr().out) == ([], True)


@pytest.mark.parametrize("name", lock.INPUT_FILES)
def test_a_missing_file_is_told(root: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name."""
    (root / name).unlink()
    assert lock.main(root) == 2
    assert f"there is no {name} in {root}" in capsys.readouterr().err


def test_a_missing_poetry_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the command that has it."""
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(root))
    (root / "poetry.lock").write_text("another")
    assert lock.main(root) == 2
    assert "no Poetry on the search path; `make lock`" in capsys.readouterr().err
