"""Source trees in folders of a test: the one of a recorded commit, and the working tree."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import yaml

from tests.upgrade.commands import ROOT

RECORDED = "42d74c1"
"""The commit that the records of this folder were made from, and that upgrades start from before there is a release."""


def last_release(repository: Path = ROOT) -> str:
    """Return the newest release tag in the history of a repository's HEAD, or the recorded commit without one."""
    command = ["git", "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD"]
    done = subprocess.run(command, cwd=repository, check=False, capture_output=True, text=True)
    return done.stdout.strip() or RECORDED


def has(commit: str) -> bool:
    """Return whether this clone has a commit; a shallow one may not."""
    command = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode == 0


def unpack(commit: str, folder: Path) -> None:
    """Write the files of a commit of this repository into the new folder `folder`."""
    folder.mkdir(parents=True)
    archive = folder.with_suffix(".tar")
    subprocess.run(["git", "archive", f"--output={archive}", commit], cwd=ROOT, check=True)
    shutil.unpack_archive(archive, folder, filter="tar")
    archive.unlink()


def copy(folder: Path) -> None:
    """Write the files of the working tree into `folder`, those without a commit included."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in names:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)


def shorten_check(folder: Path) -> None:
    """Let `make check` look at the lock only: other tests run the checks, which take minutes."""
    makefile = folder / "Makefile"
    text, count = re.subn(r"(?m)^check:.*$", "check: lock", makefile.read_text())
    assert count == 1, f"{makefile} has {count} targets `check`"
    makefile.write_text(text)


def set_variable(folder: Path, name: str, value: str) -> None:
    """Give the build of the Synth action another environment variable, which changes the pipeline's definition."""
    path = folder / "buildspec.yml"
    buildspec = yaml.safe_load(path.read_text())
    buildspec.setdefault("env", {}).setdefault("variables", {})[name] = value
    path.write_text(yaml.safe_dump(buildspec, sort_keys=False))
