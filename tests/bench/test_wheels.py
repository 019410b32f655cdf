"""The sample of wheels: its table, and an error for a package that fails."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from bench import wheels
from bench.wheels import Outcome, Sample

BUILT = {"zip": "layer.zip", "unzipped_bytes": 1234, "packages": [{"name": "good", "version": "1.0"}]}


def answers(monkeypatch: pytest.MonkeyPatch, **failing: str) -> None:
    """Make every command succeed, except the named ones, which fail with their message."""

    def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        name = Path(command[0]).name.partition("-")[0].rstrip("0123456789.")
        stdout = json.dumps({"layers": [BUILT]}) if name == "lambda" else ""
        return subprocess.CompletedProcess(command, int(name in failing), stdout, failing.get(name, ""))

    monkeypatch.setattr(wheels, "_run", run)


def test_a_sample_that_works_has_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version, size and number of packages come from layers.json."""
    answers(monkeypatch)
    found = wheels.measure(Sample("good", "a property", "good"), tmp_path / "project")
    assert (found.version, found.packages, found.unzipped, found.problem) == ("1.0", 1, 1234, "")


@pytest.mark.gate
@pytest.mark.parametrize("failing", [{"uv": "no such package"}, {"lambda": "a bug"}, {"python": "ImportError: x"}])
def test_whatever_fails_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: dict[str, str]) -> None:
    """A failed lock, build or import is a problem, with the last line of its message in the table."""
    answers(monkeypatch, **failing)
    sample = Sample("good", "a property", "good")
    found = wheels.measure(sample, tmp_path / "project")
    assert found.problem == next(iter(failing.values()))
    assert found.problem in wheels.markdown([(sample, found)])


@pytest.mark.gate
@pytest.mark.parametrize(("said", "problem"), [("x has no wheel", ""), ("a bug", "a bug")])
def test_a_refusal_is_right_for_its_reason_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, problem: str
) -> None:
    """An expected rejection with another reason is a problem."""
    answers(monkeypatch, **{"lambda": said})
    sample = Sample("bad", "source only", refused="no wheel")
    assert wheels.measure(sample, tmp_path / "project").problem == problem


def test_the_table_has_a_row_for_each_sample() -> None:
    """The page in docs/ has the same samples as the list."""
    rows = wheels.markdown([(sample, Outcome("1", 1, 1, 0.1, "built")) for sample in wheels.SAMPLES]).splitlines()[2:]
    page = wheels.PAGE.read_text()
    assert [sample.property for sample in wheels.SAMPLES if f"| {sample.property} |" not in page] == []
    assert len(rows) == len(wheels.SAMPLES)
