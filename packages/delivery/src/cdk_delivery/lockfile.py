"""Which lock a project has, Poetry's or uv's, and the commands that check and update it.

`[tool.layers] lock` in pyproject.toml names it. Without that setting it is the one that exists.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cdk_delivery.errors import WrongUse
from cdk_delivery.pyproject import tool_table


class Lockfile(NamedTuple):
    """One kind of lock: its file, and the commands that check it, write it, and update one package of it."""

    name: str
    check: Sequence[str]
    lock: str
    update: str

    @property
    def shown_check(self) -> str:
        """The check, without the options that name an interpreter."""
        return " ".join(self.check[:3])


POETRY = Lockfile("poetry.lock", ("poetry", "check", "--lock"), "poetry lock", "poetry update")
# uv compares lock and pyproject.toml with an interpreter, and would download one.
_INTERPRETER = ("--no-python-downloads", "--python", sys.executable)
UV = Lockfile("uv.lock", ("uv", "lock", "--check", *_INTERPRETER), "uv lock", "uv lock --upgrade-package")


def of_project(root: Path) -> Lockfile:
    """Return the lock of a project, which may be missing. Raises WrongUse where it has both and does not say which."""
    layers = tool_table(root, "layers")
    named = [kind for kind in (POETRY, UV) if kind.name == layers.get("lock")]
    there = named or [kind for kind in (POETRY, UV) if (root / kind.name).exists()]
    if len(there) > 1:
        raise WrongUse(
            f'{root} has poetry.lock and uv.lock; say which one in [tool.layers], `lock = "uv.lock"`, '
            "or remove the other"
        )
    return there[0] if there else POETRY
