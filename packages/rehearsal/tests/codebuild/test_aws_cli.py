"""The AWS CLI in a build on a machine without it: version 1 replaces version 2, and rejects what version 2 rejects."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import pytest

from rehearsal.bundling.docker_program import notes_file, read_notes
from rehearsal.codebuild import aws_cli

STUB = """\
import os, sys
print(os.environ["TOKEN"], *sys.argv[1:])
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """The command of a build, with an installed CLI that prints its arguments."""
    minor = ".".join(platform.python_version_tuple()[:2])
    package = tmp_path / "store" / f"aws-cli-{minor}" / "awscli"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(STUB)
    aws_cli.provide_aws_cli(tmp_path / "bin", tmp_path / "store", notes_file(tmp_path), str(tmp_path))
    return [str(tmp_path / "bin" / "aws")]


def run(command: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "TOKEN": "of-the-build"}
    return subprocess.run([*command, *words], check=False, capture_output=True, text=True, env=variables)


def test_a_build_without_the_cli_gets_version_1(command: list[str], tmp_path: Path) -> None:
    """Version 1 runs with the build's arguments and variables, and its use is reported once."""
    for _ in range(2):
        done = run(command, "s3", "ls")
        assert (done.returncode, done.stdout) == (0, "of-the-build s3 ls\n"), done.stderr
    (note,) = read_notes(tmp_path)
    assert "version 1 of PyPI is used" in note


def test_a_machine_with_the_cli_keeps_its_own(tmp_path: Path) -> None:
    """A machine with an AWS CLI gets no replacement."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "aws").write_text("#!/bin/sh\n")
    (own / "aws").chmod(0o755)
    aws_cli.provide_aws_cli(tmp_path / "bin", tmp_path / "store", notes_file(tmp_path), str(own))
    assert not (tmp_path / "bin").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["ecr", "get-login", "--no-include-email"], "get-login-password"),
        (["lambda", "invoke", "--function-name", "f", "--payload", '{"a": 1}', "out"], "Invalid base64"),
    ],
)
def test_what_version_2_rejects_is_rejected(command: list[str], words: list[str], reason: str) -> None:
    """Commands that only version 1 accepts fail, as in CodeBuild's images."""
    done = run(command, *words)
    assert done.returncode == 252
    assert reason in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["lambda", "invoke", "--payload", "eyJhIjogMX0=", "out"],
        ["lambda", "invoke", "--payload", "file://event.json", "out"],
        ["ecr", "get-login-password"],
    ],
)
def test_commands_that_both_versions_accept_are_run(command: list[str], words: list[str]) -> None:
    """The arguments are not changed."""
    assert run(command, *words).stdout == f"of-the-build {' '.join(words)}\n"


def test_the_option_for_raw_values_is_taken_out(command: list[str]) -> None:
    """`--cli-binary-format` is removed: version 1 lacks it and reads values raw."""
    words = ["lambda", "invoke", "--cli-binary-format", "raw-in-base64-out", "--payload", "{}", "out"]
    assert run(command, *words).stdout == "of-the-build lambda invoke --payload {} out\n"
