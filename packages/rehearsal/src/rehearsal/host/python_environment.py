"""A build's own Python environment, so that `pip install` changes neither this machine's interpreter nor other builds.

On CodeBuild a build installs into its image, which is thrown away afterwards; here into a folder of the build's own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from rehearsal.host.script_file import write_script


def create_environment(python: Path, version: str, folder: Path) -> Path:
    """Make an environment of the interpreter `python` in `folder`; return its folder of commands, pip among them.

    By hand, because `python -m venv` takes seconds to install pip: the one that Python brings along is used in place.
    """
    minor = ".".join(version.split(".")[:2])
    commands, packages = folder / "bin", folder / "lib" / f"python{minor}" / "site-packages"
    shutil.rmtree(folder, ignore_errors=True)
    for each in (commands, packages):
        each.mkdir(parents=True)
    for name in ("python", "python3", f"python{minor}"):
        (commands / name).symlink_to(python)
    wheels = sorted(map(str, _bundled(python, minor)))
    (packages / "bundled.pth").write_text("".join(f"{each}\n" for each in wheels))
    shared = "false" if wheels else "true"  # a system that keeps pip to itself: its pip installs here all the same
    (folder / "pyvenv.cfg").write_text(
        f"home = {python.parent}\ninclude-system-site-packages = {shared}\nversion = {version}\n"
    )
    _provide_pip(commands, minor)
    return commands


def _bundled(python: Path, minor: str) -> Iterable[Path]:
    """pip, and setuptools where this Python has it: as wheels, which can be imported as they are."""
    prefix = python.parent.parent
    own = [*(prefix / "lib" / f"python{minor}" / "ensurepip" / "_bundled").glob("*.whl")]
    return own or (prefix / "share" / "python-wheels").glob("*.whl")


def _provide_pip(commands: Path, minor: str) -> None:
    for name in ("pip", "pip3", f"pip{minor}"):
        write_script(commands / name, f'exec "{commands}/python" -m pip "$@"')
