"""Mounts, command and variables of a function, by the language of its runtime: Python or Node.js.

Sources: AWS Lambda developer guide, "Lambda runtimes", "Building Lambda functions with Node.js" (runtime-included SDK
versions) and "Working with Lambda environment variables" (NODE_PATH).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rehearsal.aws import NODE_HOSTS
from rehearsal.emulator.functions.environment_variables import CERTIFICATES, FunctionPaths
from rehearsal.emulator.functions.node_sdk import node_version, sdk_modules
from rehearsal.emulator.ministack.port.functions import INVOKE_DEPTH_HEADER
from rehearsal.errors import RehearsalError
from rehearsal.host import interpreters, node

_HEAP_SHARE = 0.9


class NoInterpreter(RehearsalError):
    """This machine does not have the function's runtime."""


class Language(Protocol):
    """A runtime's language. lang: the folder of its interpreter on this machine.

    binds, links and covers: path that the function sees -> source. Binds and links are below /var/lang and
    /var/runtime; covers are mounted over folders of the interpreter.
    """

    @property
    def executable(self) -> Path: ...
    @property
    def lang(self) -> Path: ...
    def binds(self) -> Mapping[str, Path]: ...
    def links(self) -> Mapping[str, Path]: ...
    def covers(self) -> Mapping[str, str]: ...
    def command(self, paths: FunctionPaths, memory: int) -> list[str]: ...
    def arguments(self, paths: FunctionPaths, *, mounts: bool) -> list[str]: ...
    def variables(self, paths: FunctionPaths, *, mounts: bool) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class Python:
    """A Python runtime.

    packages: a folder with links to the runtime's packages. package_paths: name -> path of these. empty: an empty
    folder, mounted over the interpreter's own site-packages.
    """

    runtime: str
    executable: Path
    packages: Path
    package_paths: Mapping[str, Path]
    empty: Path

    @property
    def lang(self) -> Path:
        return self.executable.parent.parent

    @property
    def _site(self) -> str:
        return f"/var/lang/lib/{self.runtime}/site-packages"

    def binds(self) -> Mapping[str, Path]:
        return {f"{self._site}/{name}": path for name, path in self.package_paths.items()}

    def links(self) -> Mapping[str, Path]:
        links = {f"/var/lang/bin/{name}": self.executable for name in ("python", "python3", self.runtime)}
        return links | {f"/var/lang/lib/{path.name}": path for path in (self.lang / "lib").glob("libpython3*.so*")}

    def covers(self) -> Mapping[str, str]:
        """Cover the interpreter's own site-packages with the runtime's, and all others with an empty folder."""
        folders = _site_packages(self.executable)
        covers = dict.fromkeys(folders, str(self.empty))
        if folders:
            covers[folders[0]] = self._site
        return covers

    def command(self, paths: FunctionPaths, memory: int) -> list[str]:  # noqa: ARG002 - Node's heap has a limit
        return [str(self.executable), "-S", "-B", f"{paths.runtime}/runtime_bootstrap.py"]

    def arguments(self, paths: FunctionPaths, *, mounts: bool) -> list[str]:
        return [f"{paths.opt}/python", self._site if mounts else str(self.packages), INVOKE_DEPTH_HEADER]

    def variables(self, paths: FunctionPaths, *, mounts: bool) -> Mapping[str, str]:  # noqa: ARG002 - Node has some
        return {}


@dataclass(frozen=True)
class Node:
    """A Node.js runtime. modules: the folder of its SDK. hosts: whether the runtime's folder has NODE_HOSTS."""

    version: int
    executable: Path
    modules: Path
    hosts: bool

    @property
    def lang(self) -> Path:
        return self.executable.parent.parent

    def binds(self) -> Mapping[str, Path]:
        return {"/var/runtime/node_modules": self.modules} if self.modules.is_dir() else {}

    def links(self) -> Mapping[str, Path]:
        return {"/var/lang/bin/node": self.executable}

    def covers(self) -> Mapping[str, str]:
        return {}

    def command(self, paths: FunctionPaths, memory: int) -> list[str]:
        heap = [f"--max-old-space-size={int(memory * _HEAP_SHARE)}"]
        hosts = ["--require", f"{paths.runtime}/{NODE_HOSTS}"] if self.hosts else []
        return [str(self.executable), *heap, *hosts, f"{paths.runtime}/runtime_bootstrap.cjs"]

    def arguments(self, paths: FunctionPaths, *, mounts: bool) -> list[str]:  # noqa: ARG002 - Python has some
        return []

    def variables(self, paths: FunctionPaths, *, mounts: bool) -> Mapping[str, str]:
        modules = f"{paths.runtime}/node_modules" if mounts else str(self.modules)
        layers = (f"{paths.opt}/nodejs/node{self.version}/node_modules", f"{paths.opt}/nodejs/node_modules")
        certificates = {"NODE_EXTRA_CA_CERTS": f"{paths.runtime}/{CERTIFICATES}"} if self.hosts else {}
        return {"NODE_PATH": ":".join([*layers, modules]), **certificates}


def find_node(runtime: str, sdk: Path, *, hosts: bool) -> Node:
    """Return the Node.js for a runtime such as nodejs22.x: always the rehearsal's own. sdk: the folder of SDKs.

    Raises NoInterpreter.
    """
    try:
        program = node.find_node().program
    except node.NodeNotFound as error:
        raise NoInterpreter(f"the function's runtime is {runtime}: {error}") from error
    version = node_version(runtime)
    return Node(version, program, sdk_modules(sdk, version), hosts)


def find_interpreter(runtime: str) -> Path:
    """Return the interpreter for a runtime such as python3.13. Raises NoInterpreter, with the available versions."""
    minor = runtime.removeprefix("python")
    path = interpreters.find_minor_version(minor)
    if path is None:
        here = ", ".join(sorted(interpreters.find_interpreters()))
        raise NoInterpreter(
            f"the function's runtime is {runtime}, and this machine has no Python {minor}, but {here}: "
            f"install it (`pyenv install {minor}`, `uv python install {minor}`), or choose another runtime"
        )
    return path


@functools.cache
def _site_packages(python: Path) -> tuple[str, ...]:
    """The existing site-packages folders of an interpreter, its own one first."""
    code = "import json, site; print(json.dumps([*site.getsitepackages(), site.getusersitepackages()]))"
    folders = json.loads(interpreters.read_first_line([str(python), "-I", "-S", "-c", code]) or "[]")
    return tuple(folder for folder in folders if Path(folder).is_dir())
