"""Projects to rehearse, each in a separate repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from bench.builders.builder import ROOT

_CHECK = re.compile(r"^check: .*$", re.MULTILINE)


def working_tree(folder: Path) -> None:
    """Copy this working tree into a new repository in `folder`."""
    _copy(folder)
    _commit(folder)


def one_environment(folder: Path) -> None:
    """Copy this working tree, with one environment."""
    _environments(folder, 1)


def ten_environments(folder: Path) -> None:
    """Copy this working tree, with ten environments in one wave, each in a separate account."""
    _environments(folder, 10)


def link_caches(folder: Path) -> None:
    """Link the downloads and environments of builds into a project; they are never written to again."""
    for cache in (ROOT / ".rehearsal" / "cache").glob("*"):
        if cache.name != "projects":
            shutil.copytree(cache, folder / ".rehearsal" / "cache" / cache.name, symlinks=True, copy_function=os.link)


def _environments(folder: Path, number: int) -> None:
    """Copy this working tree with so many environments, without `make check`: the bench compares deployments."""
    _copy(folder)
    settings = json.loads((folder / "cdk.json").read_text())
    delivery = settings["context"]["delivery"]
    dev = delivery["environments"][0] | {"wave": "all"}
    delivery["environments"] = [
        dev | {"name": f"env{index}", "account": f"{index + 1:012}"} for index in range(1, number + 1)
    ]
    (folder / "cdk.json").write_text(json.dumps(settings, indent=2))
    makefile, left_out = _CHECK.subn("check: lock", (folder / "Makefile").read_text())
    if not left_out:
        raise SystemExit("bench: the Makefile has no line `check: ...`")
    (folder / "Makefile").write_text(makefile)
    _commit(folder)


def _copy(folder: Path) -> None:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def _commit(folder: Path) -> None:
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "--all"], ["commit", "-q", "-m", "a working tree"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
