"""The version, and for a bug exit status 3 and a log file, which the report of a fault needs."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from cdk_delivery import cli
from cdk_delivery.commands import doctor


def test_the_command_prints_its_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`delivery --version` prints the version of the installed package."""
    monkeypatch.setattr(sys, "argv", ["delivery", "--version"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code, capsys.readouterr().out) == (0, f"delivery {version('cdk-delivery')}\n")


def test_a_bug_is_reported_with_its_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bug prints no traceback; the log file has versions, platform, command and traceback."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["delivery", "doctor"])
    monkeypatch.setattr(doctor, "doctor", lambda *_: 1 / 0)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr().err
    log = Path(printed.split()[-1])
    text = log.read_text()
    log.unlink()
    assert (ended.value.code, "Traceback" in printed) == (3, False)
    assert text.startswith(f"cdk-delivery {version('cdk-delivery')}, aws-cdk-lib {version('aws-cdk-lib')}\nPython ")
    assert "delivery doctor\n\nTraceback" in text
    assert "ZeroDivisionError" in text
