"""`console`: the web console, in a separate process."""

from __future__ import annotations

import configparser
import stat
import sys
from pathlib import Path

import pytest

from rehearsal.aws import Endpoint
from rehearsal.commands.console import PROGRAM, credentials_file, find_program
from rehearsal.errors import WrongUse


def test_without_the_console_the_install_line_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A missing console is a usage error that says how to install it."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WrongUse, match="pip install"):
        find_program()


def test_the_command_next_to_this_python_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The console of this Python installation is preferred to another one on PATH."""
    for folder in ("own", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / PROGRAM).touch(mode=stat.S_IRWXU)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "own" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "other"))
    assert find_program() == str(tmp_path / "own" / PROGRAM)


def test_each_account_has_a_profile_of_its_root_user() -> None:
    """The credentials file has a profile for each account, so that the console can read functions of all accounts."""
    parser = configparser.ConfigParser()
    endpoint = Endpoint("http://127.0.0.1:1", secret="s3")  # pragma: allowlist secret
    parser.read_string(credentials_file(endpoint, ["111111111111", "222222222222"]))
    assert parser["222222222222"]["aws_access_key_id"] == "222222222222"
    assert {parser[name]["aws_secret_access_key"] for name in parser.sections()} == {"s3"}
