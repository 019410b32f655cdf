"""`clock`: its output and its errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from rehearsal.commands.clock import clock
from rehearsal.errors import WrongUse


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cdk.json").write_text("{}")
    monkeypatch.chdir(tmp_path)


def printed(*words: str) -> str:
    answer = CliRunner().invoke(clock, words, catch_exceptions=False)
    assert answer.exit_code == 0
    return answer.output


def test_the_clock_says_its_pace_and_its_date() -> None:
    """`clock` prints scale and date, and keeps each change until the next one."""
    assert printed() == "AWS's waiting passes 200 times as fast\n"
    assert printed("60x") == "AWS's waiting passes 60 times as fast\n"
    assert printed("+90d") == "AWS's waiting passes 60 times as fast; dates are 90 days later than today\n"
    assert json.loads(printed("--json")) == {"scale": 60, "later_seconds": 90 * 86400}


def test_a_wrong_setting_is_refused() -> None:
    """The error names the allowed values."""
    with pytest.raises(WrongUse, match="from 1x to 10000x"):
        printed("fast")
