"""Tables of a project's pyproject.toml.

Imports the standard library only: the changes build installs little more.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from cdk_delivery.errors import WrongUse

FILE = "pyproject.toml"


def tool_table(root: Path, name: str) -> Mapping[str, object]:
    """Return `[tool.<name>]` of the project in `root`; empty without one. Raises WrongUse without a valid file."""
    try:
        tools = tomllib.loads((root / FILE).read_text()).get("tool", {})
    except FileNotFoundError as error:
        raise WrongUse(f"there is no {FILE} in {root}; run this in the project's folder") from error
    except tomllib.TOMLDecodeError as error:
        raise WrongUse(f"{FILE} cannot be read: {error}") from error
    table = tools.get(name, {})
    if not isinstance(table, Mapping):
        raise WrongUse(f"{FILE} [tool.{name}]: got {table!r}; a table is needed")
    return table
