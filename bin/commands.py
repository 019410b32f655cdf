"""Commands that set-up runs; a failure becomes one message, and downloads are tried again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time

import project
from project import SetupError

PAUSES = (1, 10)  # seconds before a download that failed is tried again


def run(command: list[str], why: str = "", **environ: str) -> str:
    """Run a command in the project's folder and return its standard output. Raises SetupError if it fails."""
    env = {**os.environ, **environ}
    env.pop("VIRTUAL_ENV", None)
    if shutil.which(command[0]) is None:
        raise SetupError(f"cannot run {command[0]}: there is no such program")
    done = subprocess.run(command, cwd=project.ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        output = done.stdout + done.stderr
        why = why or hash_mismatch(output)
        raise SetupError(
            f"`{' '.join(command)}` ended with {done.returncode}\n{shortened(output)}" + (f"\n{why}" if why else "")
        )
    return done.stdout


def download(command: list[str], **environ: str) -> None:
    """Run a command that downloads packages; one that fails is run again, because its cache has what arrived.

    A file with another hash than the lock's is refused the first time.
    """
    for pause in PAUSES:
        try:
            run(command, **environ)
        except SetupError as error:
            if hash_mismatch(str(error)):
                raise
            print(f"setup: {str(error).splitlines()[-1]}; trying again in {pause} s", file=sys.stderr, flush=True)
            time.sleep(pause)
        else:
            return
    run(command, **environ)


def shortened(output: str) -> str:
    """Return the first and the last lines: a package is named first, and a long list of hashes may follow."""
    lines = output.splitlines()
    return "\n".join(lines if len(lines) <= 20 else [*lines[:6], f"({len(lines) - 18} lines)", *lines[-12:]])


def hash_mismatch(output: str) -> str:
    """Return the remedy if uv or pip got another file than the lock names; empty for any other failure."""
    match = re.search(
        r"Hash mismatch for `([^`]+)`|THESE PACKAGES DO NOT MATCH THE HASHES[\s\S]*?\n\s+(\S+==\S+)", output
    )
    if not match:
        return ""
    package = match[1] or match[2]
    return (
        f"{package}: the file that was downloaded is not the one that the lock names. `uv cache clean"
        f" {package.split('==')[0]}` helps where a download was damaged. Where the index offers another file by the"
        " same name, ask whoever runs the index; lock again (`poetry lock`, `uv lock`) only if that file is to be"
        " trusted"
    )
