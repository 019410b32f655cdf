"""The AWS CLI for builds: version 1 from PyPI, where this machine does not have the version 2 of CodeBuild's images.

A separate program that a build calls as `aws`; the first call installs version 1. Arguments that version 2 rejects are
rejected.
Source: AWS CLI user guide, "Migration guide for the AWS CLI version 2", breaking changes.
"""

from __future__ import annotations

import base64
import binascii
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal.host import interpreters
from rehearsal.host.checked_command import CommandFailed
from rehearsal.host.helper_process import build_command
from rehearsal.host.pip_install import pip_install
from rehearsal.host.script_file import write_script

_BINARY_FORMAT = "--cli-binary-format"
_BLOBS = {("lambda", "invoke"): "--payload", ("kinesis", "put-record"): "--data"}
_NOTE = "the image has AWS CLI 2, and this machine has none: version 1 of PyPI is used"


def provide_aws_cli(commands: Path, store: Path, notes: Path, path: str) -> None:
    """Write the command `aws` into the folder `commands`, unless the search path `path` has one.

    store: the folder for the installed CLI. notes: the file to which a note on its use is appended.
    """
    if shutil.which("aws", path=path) is None:
        words = [*build_command(__name__), str(store), str(notes)]
        write_script(commands / "aws", f'exec {shlex.join(words)} "$@"')


def main(store: str, notes: str, *words: str) -> None:
    """Replace this process by the CLI with these arguments; install the CLI where it is missing."""
    if problem := rejection(words):
        print(f"\n{problem}", file=sys.stderr)
        sys.exit(252)
    folder = Path(store) / f"aws-cli-{'.'.join(platform.python_version_tuple()[:2])}"
    if not folder.exists() and (problem := _install(folder)):
        print(f"rehearsal: {_NOTE}, but it cannot be installed: {problem}", file=sys.stderr)
        sys.exit(127)
    Path(notes).parent.mkdir(parents=True, exist_ok=True)
    with Path(notes).open("a", encoding="utf-8") as file:
        print(_NOTE, file=file)
    variables: Mapping[str, str] = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "awscli", *_without_binary_format(words)]
    os.execve(sys.executable, command, variables)


def rejection(words: Sequence[str]) -> str:
    """Return version 2's error for arguments that only version 1 accepts; empty where both accept them."""
    plain = [word for word in words if not word.startswith("-")]
    if plain[:2] == ["ecr", "get-login"]:
        return "aws: [ERROR]: argument operation: Found invalid choice 'get-login'; version 2 has get-login-password"
    option = _BLOBS.get((plain[0], plain[1])) if len(plain) > 1 else None
    if option in words[:-1] and _BINARY_FORMAT not in words:
        value = words[words.index(option) + 1]
        if not value.startswith(("file://", "fileb://")) and not _is_base64(value):
            return f'Invalid base64: "{value}"'
    return ""


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _without_binary_format(words: Sequence[str]) -> list[str]:
    """The arguments without `--cli-binary-format`, which version 1 does not have: it always reads raw values."""
    if _BINARY_FORMAT not in words:
        return list(words)
    at = words.index(_BINARY_FORMAT)
    return [*words[:at], *words[at + 2 :]]


def _install(folder: Path) -> str:
    """Install the CLI into `folder`; return pip's error, empty after success."""
    version, interpreter = interpreters.running_interpreter()
    try:
        pip_install("awscli", interpreter, version, folder)
    except CommandFailed as error:
        return error.output[-300:]
    return ""
