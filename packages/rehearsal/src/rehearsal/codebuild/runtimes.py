"""The runtimes of a build: those of the buildspec, first on the search path.

A version that this machine does not have fails the build, as an unknown version does on CodeBuild; it is never replaced
by another one.
Source: AWS CodeBuild user guide, "Build specification reference", runtime-versions.
"""

from __future__ import annotations

import functools
import os
import pwd
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.bundling.docker_program import notes_file
from rehearsal.codebuild import images
from rehearsal.codebuild.file_patterns import expand_variables
from rehearsal.codebuild.node_versions import commands_from_first_use, fetch_node, node_commands, node_program
from rehearsal.codebuild.runtime_versions import is_version, version_numbers
from rehearsal.errors import RehearsalError
from rehearsal.host import interpreters, python_environment
from rehearsal.host.node import NodeInstallation, NodeNotFound, find_node, read_installation
from rehearsal.host.script_file import write_script


class RuntimeNotFound(RehearsalError):
    """This machine lacks a runtime or its version. The message is CodeBuild's, and lists the available versions."""


@dataclass(frozen=True)
class Runtime:
    """A runtime of this machine. commands: command name -> command line. path: the interpreter, for Python only."""

    name: str
    version: str
    commands: Mapping[str, str]
    path: Path | None = None


@dataclass(frozen=True)
class Installed:
    """The runtimes of a build.

    requested: those that the buildspec names. python: the build's Python. path: folders for the search path.
    bundling_node: the folder of node, npm and npx for bundling, which has another image than the build. missing: the
    image's Python version where this machine does not have it, and the buildspec names none.
    """

    requested: tuple[Runtime, ...]
    python: Runtime
    path: tuple[Path, ...]
    bundling_node: Path
    missing: str = ""


def install(
    versions: Mapping[str, str], env: Mapping[str, str], folder: Path, image: str = "", store: Path | None = None
) -> Installed:
    """Write commands for the requested runtimes, and for Python and Node.js in any case, below `folder`.

    versions: the buildspec's runtime-versions. image: determines the versions where the buildspec does not. store: the
    folder for downloaded versions of Node.js; None: no downloads. Raises RuntimeNotFound.
    """
    chosen = {name: _choose(name, expand_variables(version, env), image, store) for name, version in versions.items()}
    minor = None if "python" in chosen else images.default_version(image, "python")
    python = chosen.get("python") or _python_of(minor)
    requested_node, rehearsal_node = chosen.get("nodejs"), _own_node_or_message()
    node = requested_node or _node_of_image(
        rehearsal_node, images.default_version(image, "nodejs"), store, notes_file(folder)
    )
    commands, bundling_node = folder / "bin", folder / ("bin" if requested_node else "own-node")
    commands.mkdir(parents=True, exist_ok=True)
    _write_commands(commands, *chosen.values(), node)
    _write_commands(bundling_node, requested_node or rehearsal_node)
    python_commands = (
        python_environment.create_environment(python.path, python.version, folder / "python")
        if python.path
        else commands
    )
    missing = minor if minor and not is_version(python.version, minor) else ""
    return Installed(tuple(chosen.values()), python, (commands, python_commands), bundling_node, missing)


def _write_commands(folder: Path, *runtimes: Runtime) -> None:
    for runtime in runtimes:
        for command, line in runtime.commands.items():
            write_script(folder / command, f'exec {line} "$@"')


def _choose(name: str, version: str, image: str, store: Path | None) -> Runtime:
    if name not in _FINDERS:
        raise RuntimeNotFound(f"Unknown runtime named {name}. Here are looked for: {', '.join(_FINDERS)}")
    default = _DEFAULTS[name]() if name in _DEFAULTS else None
    if default and is_version(default.version, version) and version[-1:].isdigit():
        return default  # saves starting every other interpreter to read its version
    available = _FINDERS[name]()
    number = version.removeprefix("corretto").removeprefix("openjdk") if name == "java" else version
    matching = [runtime for runtime in available if is_version(runtime.version, number)]
    if not matching and name == "nodejs":
        matching = [*_fetched_node(version, image, store)]
    if not matching:
        versions = ", ".join(runtime.version for runtime in available) or "none"
        raise RuntimeNotFound(
            f"Unknown runtime version named '{version}' of {name}. This machine has the following versions: {versions}."
            " Install it, or name one of these; a version in YAML needs quotes, or 3.10 is the number 3.1"
        )
    return max(matching, key=lambda runtime: version_numbers(runtime.version))


def _own_python() -> Runtime:
    return _python(*interpreters.running_interpreter())


def _pythons() -> tuple[Runtime, ...]:
    return tuple(_python(version, path) for version, path in interpreters.find_interpreters().items())


def _python_of(minor: str | None) -> Runtime:
    """The newest Python of a minor version, where this machine has it; else the running interpreter."""
    path = interpreters.find_minor_version(minor) if minor else None
    return _python(minor, path) if minor and path and path != interpreters.running_interpreter()[1] else _own_python()


def _python(version: str, path: Path) -> Runtime:
    return Runtime("python", version, {}, path)


def _own_node() -> Runtime | None:
    try:
        return _node(find_node())
    except NodeNotFound:
        return None


def _own_node_or_message() -> Runtime:
    """The rehearsal's own Node.js; where it has none, commands that say so."""
    try:
        return _node(find_node())
    except NodeNotFound as error:
        line = shlex.join(["sh", "-c", f"echo {shlex.quote(f'rehearsal: {error}')} >&2; exit 127"])
        return Runtime("nodejs", "", dict.fromkeys(("node", "npm", "npx"), line))


def _node_of_image(fallback: Runtime, version: str | None, store: Path | None, notes: Path) -> Runtime:
    """The Node.js of the image, from npm; without store, version or npm the rehearsal's own."""
    has_npm = fallback.version and fallback.commands.keys() >= {"npm", "npx"}
    if not version or not store or not has_npm or is_version(fallback.version, version):
        return fallback
    return Runtime("nodejs", version, commands_from_first_use(version, store, notes, fallback.commands))


@functools.cache
def _nodes() -> tuple[Runtime, ...]:
    """The rehearsal's own Node.js, then those on the search path and of nvm."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    rehearsal_node = _own_node()
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


def _fetched_node(version: str, image: str, store: Path | None) -> Iterator[Runtime]:
    """Yield the Node.js that npm downloads; nothing where the image or npm lacks it, or npm cannot be reached.

    Raises RuntimeNotFound where this machine has no Node.js that runs npm.
    """
    try:
        find_node()
        folder = fetch_node(version, store) if store and images.may_have(image, "nodejs", version) else None
    except NodeNotFound as error:
        raise RuntimeNotFound(f"Unknown runtime version named '{version}' of nodejs. {error}") from error
    if folder:
        number = interpreters.read_first_line([str(node_program(folder)), "--version"]).removeprefix("v")
        yield Runtime("nodejs", number, node_commands(folder))


def _versioned(name: str, command: str, *arguments: str) -> tuple[Runtime, ...]:
    """The first command on the search path, of a runtime that machines have in one version only."""
    for path in interpreters.on_path(command):
        version = re.search(r"\d+(?:\.\d+)+", interpreters.read_first_line([str(path), *arguments]))
        if version:
            number = version[0].removeprefix("1.") if name == "java" else version[0]  # Java 8 calls itself 1.8
            return (Runtime(name, number, {command: shlex.quote(str(path))}),)
    return ()


_DEFAULTS: Mapping[str, Callable[[], Runtime | None]] = {"python": _own_python, "nodejs": _own_node}
_FINDERS: Mapping[str, Callable[[], tuple[Runtime, ...]]] = {
    "python": _pythons,
    "nodejs": _nodes,
    "java": functools.partial(_versioned, "java", "java", "-version"),
    "golang": functools.partial(_versioned, "golang", "go", "version"),
    "ruby": functools.partial(_versioned, "ruby", "ruby", "--version"),
    "php": functools.partial(_versioned, "php", "php", "--version"),
    "dotnet": functools.partial(_versioned, "dotnet", "dotnet", "--version"),
}
