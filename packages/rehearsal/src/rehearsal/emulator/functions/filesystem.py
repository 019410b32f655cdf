"""The file system of a function: its code, its layers and its runtime."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.aws import NODE_HOSTS, Endpoint
from rehearsal.emulator.functions import environment_variables, unpacked_code
from rehearsal.emulator.functions.environment_variables import FunctionPaths
from rehearsal.emulator.functions.languages import Language, Python, find_interpreter, find_node
from rehearsal.emulator.functions.mounts import mount_error
from rehearsal.emulator.functions.runtime_packages import runtime_packages
from rehearsal.emulator.functions.runtime_process import Interpreter
from rehearsal.emulator.ministack.port.function_records import FunctionConfig
from rehearsal.emulator.ministack.port.functions import layer_archive

if TYPE_CHECKING:
    from rehearsal.emulator.functions.sandbox import SandboxPlan


class FunctionFilesystem:
    """Starts functions in their file systems. There is one object for all functions.

    folder: the emulator's folder for unpacked code and layers. hidden: a folder that functions must not see. sdk: the
    folder of SDKs for Node.js and older Python versions. mounts: whether code is mounted at /var/task and layers at
    /opt; None: where this machine can do that.
    """

    def __init__(
        self, folder: Path, endpoint: Endpoint, *, hidden: Path, sdk: Path, mounts: bool | None = None
    ) -> None:
        self._folder, self._endpoint, self._hidden, self._sdk = folder, endpoint, hidden, sdk
        self._mounts, self._runtime, self._packages = mounts, folder / "runtime", folder / "packages"
        for path in (self._runtime / "node_modules", self._packages, folder / "var", folder / "none"):
            path.mkdir(parents=True, exist_ok=True)
        for name in ("runtime_bootstrap.py", "runtime_bootstrap.cjs"):
            shutil.copy(Path(__file__).with_name(name), self._runtime)
        if endpoint.ca:
            shutil.copy(endpoint.ca, self._runtime / environment_variables.CERTIFICATES)
            shutil.copy(endpoint.ca.with_name(NODE_HOSTS), self._runtime / NODE_HOSTS)

    def start(self, config: FunctionConfig, code: bytes, stream: str) -> Interpreter:
        """Start an interpreter with the function's code and layers. Raises NoInterpreter."""
        language = self._language(config["Runtime"])
        task = unpacked_code.unpack_archives(self._folder / "code", [code])
        layers = [archive for layer in config.get("Layers") or () if (archive := layer_archive(layer))]
        opt = unpacked_code.unpack_archives(self._folder / "layers", layers) if layers else self._folder / "none"
        mounts = not mount_error() if self._mounts is None else self._mounts
        plan: SandboxPlan = {"mounts": mounts}
        paths = FunctionPaths(str(task), str(opt), str(self._runtime), str(language.lang))
        if mounts:
            plan = {**self._mount_plan(language, task, opt), "mounts": mounts}
            plan["tmp_mb"] = (config.get("EphemeralStorage") or {}).get("Size", 512)
            paths = FunctionPaths()
        memory = int(config.get("MemorySize", 128))
        variables = environment_variables.environment_variables(config, paths, self._endpoint, stream)
        plan["variables"] = {**language.variables(paths, mounts=mounts), **variables}
        plan["command"] = language.command(paths, memory)
        plan["arguments"] = language.arguments(paths, mounts=mounts)
        return Interpreter(plan, memory)

    def _language(self, runtime: str) -> Language:
        if runtime.startswith("nodejs"):
            return find_node(runtime, self._sdk, hosts=bool(self._endpoint.ca))
        interpreter = find_interpreter(runtime)
        packages = runtime_packages(runtime.removeprefix("python"), interpreter, self._sdk)
        return Python(runtime, interpreter, self._link_packages(runtime, packages), packages, self._folder / "none")

    def _link_packages(self, runtime: str, packages: Mapping[str, Path]) -> Path:
        """Link the runtime's packages in a folder, for functions without mounts."""
        folder = self._packages / runtime
        folder.mkdir(exist_ok=True)
        for name, path in packages.items():
            with contextlib.suppress(FileExistsError):
                (folder / name).symlink_to(path)
        return folder

    def _mount_plan(self, language: Language, task: Path, opt: Path) -> SandboxPlan:
        """The bind mounts, and the links to the runtime's commands and libraries."""
        binds = {"/var/task": task, "/opt": opt, "/var/runtime": self._runtime, **language.binds()}
        return {
            "var": str(self._folder / "var"),
            "binds": {target: str(source) for target, source in binds.items()},
            "links": {target: str(source) for target, source in language.links().items()},
            "covers": dict(language.covers()),
            "hidden": str(self._hidden),
            "runtime": str(language.lang),
        }
