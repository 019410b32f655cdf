"""The interpreter of the project's environments."""

from __future__ import annotations

import sys

import project
from commands import run
from project import SetupError

# Version managers know the versions of their interpreters. On the path are their shims, which take 0.2 s each.
FIND_PYTHON = """
import sys, findpython
managed = findpython.Finder(selected_providers=[name for name in findpython.ALL_PROVIDERS if name != "path"])
found = managed.find(sys.argv[1]) or findpython.find(sys.argv[1])
print(found.interpreter if found else "")
"""


def interpreter(version: str) -> str:
    """Return the path of an interpreter of this version; where the machine has none, uv installs it for the user."""
    find = [str(project.TOOLS / "bin" / "python"), "-c", FIND_PYTHON, version]
    path = run(find).strip()
    if not path:
        print(f"setup: installing Python {version}, which this machine lacks", file=sys.stderr, flush=True)
        try:
            run([project.tool("uv"), "python", "install", "--no-bin", version])
        except SetupError as error:
            raise SetupError(
                f"no Python {version} was found on this machine, and {error}\n[tool.layers] in pyproject.toml names it"
                f" as the functions' runtime. Install it (`pyenv install {version}`, or your system's package)"
            ) from error
        path = run(find).strip()
    if not path:
        raise SetupError(f"uv has installed Python {version}, and it is not found; `uv python list` shows where it is")
    return path
