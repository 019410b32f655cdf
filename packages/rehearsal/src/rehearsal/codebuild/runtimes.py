"""The runtimes of a build: those of the buildspec, first on the search path.

A version that this machine does not have fails the build, as an unknown version does on CodeBuild; it is never replaced
by another one.
Source: AWS CodeBuild user guide, "Build specification reference", runtime-versions.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.bundling.docker_program import notes_file
from rehearsal.codebuild import images
from rehearsal.codebuild.file_patterns import expand_variables
from rehearsal.codebuild.host_runtimes import FINDERS, OWN, Runtime, own_node, python_of
from rehearsal.codebuild.node_versions import commands_from_first_use, fetch_node, node_commands, node_program
from rehearsal.codebuild.runtime_versions import is_version, version_numbers
from rehearsal.errors import RehearsalError
from rehearsal.host import interpreters, python_environment
from rehearsal.host.node import NodeNotFound
from rehearsal.host.script_file import write_script


class RuntimeNotFound(RehearsalError):
    """This machine lacks a runtime or its version. The message is CodeBuild's, and lists the available versions."""


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
    python = chosen.get("python") or python_of(minor)
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
    if name not in FINDERS:
        raise RuntimeNotFound(f"Unknown runtime named {name}. Here are looked for: {', '.join(FINDERS)}")
    own = OWN[name]() if name in OWN else None
    if own and is_version(own.version, version) and version[-1:].isdigit():
        return own
    available = FINDERS[name]()
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


def _own_node_or_message() -> Runtime:
    """The rehearsal's own Node.js; where it has none, commands that say so."""
    try:
        return own_node()
    except NodeNotFound as error:
        line = shlex.join(["sh", "-c", f"echo {shlex.quote(f'rehearsal: {error}')} >&2; exit 127"])
        return Runtime("nodejs", "", dict.fromkeys(("node", "npm", "npx"), line))


def _node_of_image(fallback: Runtime, version: str | None, store: Path | None, notes: Path) -> Runtime:
    """The Node.js of the image, from npm; without store, version or npm the rehearsal's own."""
    has_npm = fallback.version and fallback.commands.keys() >= {"npm", "npx"}
    if not version or not store or not has_npm or is_version(fallback.version, version):
        return fallback
    return Runtime("nodejs", version, commands_from_first_use(version, store, notes, fallback.commands))


def _fetched_node(version: str, image: str, store: Path | None) -> Iterator[Runtime]:
    """Yield the Node.js that npm downloads; nothing where the image or npm lacks it, or npm cannot be reached.

    Raises RuntimeNotFound where this machine has no Node.js that runs npm.
    """
    try:
        own_node()
        folder = fetch_node(version, store) if store and images.may_have(image, "nodejs", version) else None
    except NodeNotFound as error:
        raise RuntimeNotFound(f"Unknown runtime version named '{version}' of nodejs. {error}") from error
    if folder:
        number = interpreters.read_first_line([str(node_program(folder)), "--version"]).removeprefix("v")
        yield Runtime("nodejs", number, node_commands(folder))
