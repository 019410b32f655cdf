"""The interface of a builder, and the run of its commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

ROOT = Path(__file__).resolve().parents[2]

# What is removed before a build. `all`: everything, downloads too. `built`: whatever was built of packages; downloads
# stay, unpacked where the tool keeps them so. `outputs`: the outputs of this project; the tool's caches are as builds
# of another project with the same packages leave them. `one`: the same, and whatever was built of one package.
# `nothing`: the last build is unchanged.
Invalidation = Literal["all", "built", "outputs", "one", "nothing"]

# The last one has each start of a command compile again what the command imports.
_REMOVED_VARIABLES = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}


class Unavailable(Exception):
    """This builder can't run on this machine; the message says why."""


@dataclass(frozen=True)
class Slice:
    """A project to build layers of: `groups` are those of its lock, `imports` what its functions import.

    `left_out` are the builders that are not measured with it, `most_runs` limits how often each build is measured.
    """

    name: str
    folder: Path
    groups: tuple[str, ...]
    imports: tuple[str, ...]
    changed: str
    left_out: tuple[str, ...] = ()
    most_runs: int = 100


@dataclass(frozen=True)
class BuildFolders:
    """One copy of a slice, `project`, the caches that its builds may fill, and the tool's own folder."""

    slice: Slice
    project: Path
    caches: Path
    tool: Path

    def clear(self) -> None:
        """Empty every cache."""
        shutil.rmtree(self.caches, ignore_errors=True)


class Builder(Protocol):
    """One way to build a layer. `complete`: whether it adds to a peer what this project's builder makes too."""

    name: str
    version: str
    complete: bool

    def prepare(self, tool: Path) -> None:
        """Install the tool into an empty folder. Raises Unavailable."""

    def invalidate(self, folders: BuildFolders, invalidation: Invalidation) -> None:
        """Remove what the next build must not find."""

    def build(self, folders: BuildFolders) -> None:
        """Build, as its users do."""

    def built_artifacts(self, folders: BuildFolders) -> list[Path]:
        """Return the zips or folders that the last build wrote; a folder has the contents of /opt."""


def run(command: Sequence[str], cwd: Path, folders: BuildFolders | None = None, **environ: str) -> str:
    """Run a command with separate caches. Raises Unavailable with its last lines where it fails."""
    env = {name: value for name, value in os.environ.items() if name not in _REMOVED_VARIABLES}
    env |= _caches(folders.caches) if folders else {}
    done = subprocess.run(command, cwd=cwd, env={**env, **environ}, capture_output=True, text=True, check=False)
    if done.returncode:
        last_lines = "\n".join((done.stdout + done.stderr).strip().splitlines()[-30:])
        raise Unavailable(f"`{' '.join(command)}` ended with {done.returncode}: {last_lines}")
    return done.stdout


def _caches(folder: Path) -> Mapping[str, str]:
    kinds = {"XDG_CACHE_HOME": "xdg", "UV_CACHE_DIR": "uv", "PIP_CACHE_DIR": "pip", "npm_config_cache": "npm"}
    return {name: str(folder / kind) for name, kind in kinds.items()}


def export(folders: BuildFolders) -> str:
    """Return the requirements of the slice's groups, as the recipes of all peers export them."""
    poetry = str(ROOT / ".tools" / "bin" / "poetry")
    return run(
        [poetry, "export", "--without-hashes", "--only", ",".join(folders.slice.groups)], folders.project, folders
    )


def base_path() -> str:
    """Return a PATH on which the interpreter that the layers are for, and its pip, come first."""
    return os.pathsep.join([str(Path(sys.base_prefix) / "bin"), os.environ["PATH"]])
