"""The lock file of a project, Poetry's or uv's, and the commands that check and update it.

The setting `lock` of `[tool.layers]` in pyproject.toml names the file. Without it, the file that exists is used.
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
        """The command of the check as messages show it: without the options for uv's interpreter."""
        return " ".join(self.check[:3])


POETRY = Lockfile("poetry.lock", ("poetry", "check", "--lock"), "poetry lock", "poetry update --lock")
# `uv lock --check` needs an interpreter, and would download one.
_INTERPRETER = ("--no-python-downloads", "--python", sys.executable)
UV = Lockfile("uv.lock", ("uv", "lock", "--check", *_INTERPRETER), "uv lock", "uv lock --upgrade-package")


def of_project(root: Path) -> Lockfile:
    """Return a project's kind of lock; Poetry's without any file. Raises WrongUse for both files without a setting."""
    layers = tool_table(root, "layers")
    named = [kind for kind in (POETRY, UV) if kind.name == layers.get("lock")]
    candidates = named or [kind for kind in (POETRY, UV) if (root / kind.name).exists()]
    if len(candidates) > 1:
        raise WrongUse(
            f'{root} has poetry.lock and uv.lock; say which one in [tool.layers], `lock = "uv.lock"`, '
            "or remove the other"
        )
    return candidates[0] if candidates else POETRY
