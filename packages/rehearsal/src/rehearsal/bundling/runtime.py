"""The commands of an image: its Python or Node, as this machine has it, and the tools that it has."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rehearsal.bundling import rsync
from rehearsal.bundling.arguments import RunArguments, Unsupported
from rehearsal.bundling.images import Image
from rehearsal.host import host_environment, interpreters, python_environment
from rehearsal.host.helper_process import build_command
from rehearsal.host.node import NodeNotFound
from rehearsal.host.script_file import write_script

NOTES = "notes"
_SYSTEM = ("/usr/local/bin", "/usr/bin", "/bin")
_PLATFORMS = {"linux/amd64": "x86_64", "linux/arm64": "arm64"}
_WHEELS = {"x86_64": "manylinux_2_17_x86_64", "arm64": "manylinux_2_17_aarch64"}


def provide_runtime(
    folder: Path, node: Path, image: Image, arguments: RunArguments, environment: Mapping[str, str]
) -> dict[str, str]:
    """Return the search path of the image, and pip's settings where another Python replaces the image's.

    environment: what the image's own tools are installed with.
    """
    commands = folder / "bin"
    commands.mkdir(parents=True, exist_ok=True)
    if not shutil.which("rsync", path=os.pathsep.join(_SYSTEM)):
        write_script(commands / "rsync", f'exec {shlex.join(build_command(rsync.__name__))} "$@"')
    architecture = _PLATFORMS.get(arguments.platform, host_environment.architecture())
    if image.runtime == "python":
        runtime, settings = _python(folder, image, architecture)
    else:
        runtime, settings = node, {}
        _check_node(folder, node, image)
    tools = _install_tools(folder, image, arguments.command, {**environment, "PATH": _path(runtime)})
    return {"PATH": _path(runtime, *tools, commands), **settings}


def _path(*folders: Path) -> str:
    return os.pathsep.join([*map(str, folders), *_SYSTEM])


def _python(folder: Path, image: Image, architecture: str) -> tuple[Path, dict[str, str]]:
    """The commands of Python's environment; where it differs from the image, pip takes wheels for the image."""
    version, interpreter = _nearest(image.version)
    commands = python_environment.create_environment(interpreter, version, folder / f"python{image.version}")
    same_version = version.startswith(f"{image.version}.")
    if same_version and architecture == host_environment.architecture():
        return commands, {}
    _note(folder, f"{image.name}: Python {version} of this machine is used, and pip takes wheels for {image.version}")
    settings = {"PIP_ONLY_BINARY": ":all:", "PIP_PYTHON_VERSION": image.version}
    if architecture != host_environment.architecture():
        settings["PIP_PLATFORM"] = _WHEELS[architecture]
    return commands, settings


def _nearest(minor: str) -> tuple[str, Path]:
    """The newest interpreter of the minor version, or else the one of the nearest version."""
    available = interpreters.find_interpreters()
    minor_number = int(minor.partition(".")[2] or 0)

    def distance(version: str) -> tuple[int, list[int]]:
        numbers = [int(part) for part in re.findall(r"\d+", version)]
        return abs(numbers[1] - minor_number), [-number for number in numbers]

    version = min(available, key=distance)
    return version, available[version]


def _check_node(folder: Path, node: Path, image: Image) -> None:
    version = interpreters.read_first_line([str(node / "node"), "--version"]).removeprefix("v")
    if not version:
        raise Unsupported(f"{image.name}: {NodeNotFound()}")
    if version.partition(".")[0] != image.version.partition(".")[0]:
        _note(folder, f"{image.name}: Node {version} of this machine is used")


def _install_tools(folder: Path, image: Image, command: tuple[str, ...], environment: Mapping[str, str]) -> list[Path]:
    """Install those of the image's packages that the command names; the folders of their commands."""
    text = " ".join(command)
    packages = [tool for tool in image.tools if _command_of(tool) in text]
    if not packages:
        return []
    place = folder / "tools" / re.sub(r"\W+", "-", "-".join(packages))
    commands = place / ("bin" if image.runtime == "python" else "node_modules/.bin")
    if not commands.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        words = [*_installer(image, place), *packages]
        if subprocess.run(words, check=False, env={**environment}, stdout=sys.stderr.fileno(), cwd=place).returncode:
            shutil.rmtree(place)
            raise Unsupported(f"{', '.join(packages)} of {image.name} cannot be installed")
    return [commands]


def _installer(image: Image, place: Path) -> list[str]:
    if image.runtime == "nodejs":
        return ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(place)]
    version, interpreter = _nearest(image.version)
    commands = python_environment.create_environment(interpreter, version, place)
    return [str(commands / "python"), "-m", "pip", "install", "--quiet"]


def _command_of(package: str) -> str:
    """The command of a package such as esbuild@0.21 or pipenv==2022.4.8."""
    name = re.split(r"[@=]", package)[0]
    return {"typescript": "tsc "}.get(name, name)


def _note(folder: Path, text: str) -> None:
    """Report a difference to the image, now and at the end of the build."""
    print(f"rehearsal: {text}", file=sys.stderr, flush=True)
    with (folder / NOTES).open("a", encoding="utf-8") as file:
        print(text, file=file)
