"""The runtimes of this machine: the rehearsal's Python and Node.js, and those that it finds by their programs."""

from __future__ import annotations

import functools
import os
import pwd
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.host import interpreters
from rehearsal.host.node import NodeInstallation, NodeNotFound, find_node, read_installation


@dataclass(frozen=True)
class Runtime:
    """A runtime of this machine. commands: command name -> command line. path: the interpreter, for Python only."""

    name: str
    version: str
    commands: Mapping[str, str]
    path: Path | None = None


def own_python() -> Runtime:
    """Return the Python that runs the rehearsal."""
    return _python(*interpreters.running_interpreter())


def python_of(minor: str | None) -> Runtime:
    """Return the newest Python of a minor version, where this machine has it; else the rehearsal's own."""
    path = interpreters.find_minor_version(minor) if minor else None
    return _python(minor, path) if minor and path and path != interpreters.running_interpreter()[1] else own_python()


def own_node() -> Runtime:
    """Return the Node.js that the rehearsal uses itself. Raises NodeNotFound."""
    return _node(find_node())


def _pythons() -> tuple[Runtime, ...]:
    return tuple(_python(version, path) for version, path in interpreters.find_interpreters().items())


def _python(version: str, path: Path) -> Runtime:
    return Runtime("python", version, {}, path)


@functools.cache
def _nodes() -> tuple[Runtime, ...]:
    """The rehearsal's own Node.js, then those on the search path and of nvm."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    rehearsal_node = _own_node_if_any()
    nodes = {rehearsal_node.version: rehearsal_node} if rehearsal_node else {}
    for path in [*interpreters.on_path("node"), *home.glob(".nvm/versions/node/*/bin/node")]:
        node = read_installation(path)
        if node and node.version not in nodes:
            nodes[node.version] = _node(node)
    return tuple(nodes.values())


def _node(node: NodeInstallation) -> Runtime:
    program = shlex.quote(str(node.program))
    scripts = {name: node.script(name) for name in ("npm", "npx")}
    commands = {name: f"{program} {shlex.quote(str(script))}" for name, script in scripts.items() if script}
    return Runtime("nodejs", node.version, {"node": program, **commands})


def _own_node_if_any() -> Runtime | None:
    try:
        return own_node()
    except NodeNotFound:
        return None


def _versioned(name: str, command: str, *arguments: str) -> tuple[Runtime, ...]:
    """The first command on the search path, of a runtime that machines have in one version only."""
    for path in interpreters.on_path(command):
        version = re.search(r"\d+(?:\.\d+)+", interpreters.read_first_line([str(path), *arguments]))
        if version:
            number = version[0].removeprefix("1.") if name == "java" else version[0]  # Java 8 calls itself 1.8
            return (Runtime(name, number, {command: shlex.quote(str(path))}),)
    return ()


# Name -> the runtime of the rehearsal. Checking it first saves starting every other interpreter to read its version.
OWN: Mapping[str, Callable[[], Runtime | None]] = {"python": own_python, "nodejs": _own_node_if_any}
# Name -> all runtimes of this machine.
FINDERS: Mapping[str, Callable[[], tuple[Runtime, ...]]] = {
    "python": _pythons,
    "nodejs": _nodes,
    "java": functools.partial(_versioned, "java", "java", "-version"),
    "golang": functools.partial(_versioned, "golang", "go", "version"),
    "ruby": functools.partial(_versioned, "ruby", "ruby", "--version"),
    "php": functools.partial(_versioned, "php", "php", "--version"),
    "dotnet": functools.partial(_versioned, "dotnet", "dotnet", "--version"),
}
