"""The lock file of a project, and the commands that change it.

The setting `lock` of `[tool.layers]` names the file. Without it, the file that exists is used. With both files, the
setting is required, because an abandoned lock would ship old packages. Imports the standard library only: the cache key
needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lambda_layers import toml_files
from lambda_layers.errors import WrongUse


class Lockfile(NamedTuple):
    """One kind of lock: its file's name, the tool that writes it, and the tool's command that adds a package."""

    name: str
    tool: str
    add: str

    @property
    def lock_command(self) -> str:
        """The command that updates the lock after a change of pyproject.toml."""
        return f"{self.tool} lock"

    def add_command(self, packages: str, group: str = "") -> str:
        """Return the command that adds packages to the lock without installing them in the environment."""
        return " ".join([self.add, *(["--group", group] if group else []), packages])

    def read_text(self, root: Path) -> str:
        """Return the text of a project's lock, with Unix line ends: git may have converted them."""
        return (root / self.name).read_bytes().replace(b"\r\n", b"\n").decode()


POETRY = Lockfile("poetry.lock", "poetry", "poetry add --lock")
UV = Lockfile("uv.lock", "uv", "uv add --no-sync")
LOCKFILES = (POETRY, UV)


def of_project(root: Path, pyproject: Mapping[str, Any]) -> Lockfile:
    """Return the kind of lock that a project has. Raises WrongUse for both files without a setting."""
    tool = pyproject.get("tool", {})
    layers = tool.get("layers", {})
    named = layers.get("lock") if isinstance(layers, dict) else None
    for lockfile in LOCKFILES:
        if named == lockfile.name:
            return lockfile
    existing_locks = [lockfile for lockfile in LOCKFILES if (root / lockfile.name).exists()]
    if len(existing_locks) > 1:
        names = " and ".join(lockfile.name for lockfile in existing_locks)
        raise WrongUse(f'{root} has {names}; say which one in [tool.layers], `lock = "{UV.name}"`, or remove the other')
    return existing_locks[0] if existing_locks else UV if "uv" in tool and "poetry" not in tool else POETRY


def existing(root: Path) -> Lockfile:
    """Return the kind of lock of a project that has a file. Raises WrongUse, with the lock's command, without one."""
    pyproject = root / "pyproject.toml"
    if not pyproject.exists():
        raise WrongUse(f"there is no {pyproject}; run this in the project's folder")
    kind = of_project(root, toml_files.read_toml(pyproject))
    if not (root / kind.name).exists():
        raise WrongUse(f"there is no {kind.name} in {root}; make it with `{kind.lock_command}` and commit it")
    return kind
