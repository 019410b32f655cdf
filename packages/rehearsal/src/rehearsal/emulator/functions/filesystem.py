"""Where the interpreter of a function finds its code, its layers and its runtime."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rehearsal.aws import Endpoint
from rehearsal.emulator.functions import environment_variables, unpacked_code
from rehearsal.emulator.functions.environment_variables import FunctionPaths
from rehearsal.emulator.functions.mounts import mount_error
from rehearsal.emulator.functions.runtime_process import Interpreter
from rehearsal.emulator.ministack.port.functions import INVOKE_DEPTH_HEADER, layer_archive
from rehearsal.errors import RehearsalError
from rehearsal.host import interpreters

TEMPORARY = Path("/tmp")  # noqa: S108 - the one folder that a function may write to


class NoInterpreter(RehearsalError):
    """The function's runtime is not on this machine."""


class FunctionFilesystem:
    """Made once for all functions; `folder` is the emulator's own and holds what they are made of.

    hidden: a folder that they do not see. mounts: whether they see theirs as /var/task and /opt; None, wherever this
    machine can do that.
    """

    def __init__(self, folder: Path, endpoint: Endpoint, *, hidden: Path, mounts: bool | None = None) -> None:
        self._folder, self._endpoint, self._hidden, self._mounts = folder, endpoint, hidden, mounts
        self._runtime, self._packages = folder / "runtime", folder / "packages"
        for each in (self._runtime, self._packages, folder / "var", folder / "none"):
            each.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(__file__).with_name("runtime_bootstrap.py"), self._runtime)
        if endpoint.ca:
            shutil.copy(endpoint.ca, self._runtime / environment_variables.CERTIFICATES)
        self._own = unpacked_code.runtime_packages()
        for name, path in self._own.items():
            (self._packages / name).unlink(missing_ok=True)
            (self._packages / name).symlink_to(path)

    def start(self, config: Mapping[str, Any], code: bytes, stream: str) -> Interpreter:
        """A new interpreter with the function's code and layers. Raises NoInterpreter."""
        python = find_interpreter(config["Runtime"])
        task = unpacked_code.unpack_archives(self._folder / "code", [code])
        layers = [found for each in config.get("Layers") or () if (found := layer_archive(each))]
        opt = unpacked_code.unpack_archives(self._folder / "layers", layers) if layers else self._folder / "none"
        if not mount_error() if self._mounts is None else self._mounts:
            plan = self._mount_plan(config["Runtime"], python, task, opt) | {"tmp_mb": _tmp_size(config, python)}
            places = FunctionPaths()
        else:
            plan = {"mounts": False, "packages": str(self._packages)}
            places = FunctionPaths(str(task), str(opt), str(self._runtime), str(python.parent.parent))
        plan["variables"] = environment_variables.environment_variables(config, places, self._endpoint, stream)
        plan["command"] = [str(python), "-S", "-B", f"{places.runtime}/runtime_bootstrap.py"]
        plan["arguments"] = [f"{places.opt}/python", plan["packages"], INVOKE_DEPTH_HEADER]
        return Interpreter(plan, int(config.get("MemorySize", 128)))

    def _mount_plan(self, runtime: str, python: Path, task: Path, opt: Path) -> dict[str, Any]:
        """The bind mounts, and the links to the runtime's commands and libraries."""
        site = f"/var/lang/lib/{runtime}/site-packages"
        binds = {"/var/task": task, "/opt": opt, "/var/runtime": self._runtime}
        binds |= {f"{site}/{name}": path for name, path in self._own.items()}
        links = {f"/var/lang/bin/{name}": python for name in ("python", "python3", runtime)}
        covers = dict.fromkeys(_site_packages(python), str(self._folder / "none"))
        covers |= dict.fromkeys([*covers][:1], site)
        links |= {f"/var/lang/lib/{path.name}": path for path in (python.parent.parent / "lib").glob("libpython3*.so*")}
        return {
            "mounts": True,
            "var": str(self._folder / "var"),
            "binds": {target: str(source) for target, source in binds.items()},
            "links": {target: str(source) for target, source in links.items()},
            "covers": covers,
            "hidden": str(self._hidden),
            "packages": site,
        }


@functools.cache
def _site_packages(python: Path) -> tuple[str, ...]:
    """The folders of packages that an interpreter finds by itself, as far as they are there, its own one first."""
    asked = "import json, site; print(json.dumps([*site.getsitepackages(), site.getusersitepackages()]))"
    folders = json.loads(interpreters.read_first_line([str(python), "-I", "-S", "-c", asked]) or "[]")
    return tuple(each for each in folders if Path(each).is_dir())


def _tmp_size(config: Mapping[str, Any], python: Path) -> int:
    """The size of /tmp in MB; 0 leaves the machine's, where the interpreter itself lies in it."""
    return 0 if python.is_relative_to(TEMPORARY) else (config.get("EphemeralStorage") or {}).get("Size", 512)


def find_interpreter(runtime: str) -> Path:
    """The interpreter of a runtime such as python3.13. Raises NoInterpreter, which says what there is."""
    minor = runtime.removeprefix("python")
    path = interpreters.find_minor_version(minor)
    if path is None:
        here = ", ".join(sorted(interpreters.find_interpreters()))
        raise NoInterpreter(
            f"the function's runtime is {runtime}, and this machine has no Python {minor}, but {here}: "
            f"install it (`pyenv install {minor}`, `uv python install {minor}`), or choose another runtime"
        )
    return path
