"""A Python environment per build, so that `pip install` changes neither this machine's interpreter nor other builds.

On CodeBuild a build installs into its container, which is removed afterwards; here it installs into a folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from rehearsal.host.script_file import write_script


def create_environment(python: Path, version: str, folder: Path) -> Path:
    """Create an environment of the interpreter `python` in `folder`; return its `bin`, which holds pip too.

    Not by `python -m venv`, which takes seconds to install pip: the wheel that ensurepip bundles is imported instead.
    """
    minor = ".".join(version.split(".")[:2])
    commands, packages = folder / "bin", folder / "lib" / f"python{minor}" / "site-packages"
    shutil.rmtree(folder, ignore_errors=True)
    for path in (commands, packages):
        path.mkdir(parents=True)
    for name in ("python", "python3", f"python{minor}"):
        (commands / name).symlink_to(python)
    wheels = sorted(map(str, _bundled(python, minor)))
    (packages / "bundled.pth").write_text("".join(f"{wheel}\n" for wheel in wheels))
    # Some distributions bundle no wheels: the pip of the system's site-packages then installs into this environment.
    shared = "false" if wheels else "true"
    (folder / "pyvenv.cfg").write_text(
        f"home = {python.parent}\ninclude-system-site-packages = {shared}\nversion = {version}\n"
    )
    _provide_pip(commands, minor)
    return commands


def _bundled(python: Path, minor: str) -> Iterable[Path]:
    """The wheels of pip, and of setuptools where this Python has it; a wheel can be imported without installation."""
    prefix = python.parent.parent
    ensurepip = [*(prefix / "lib" / f"python{minor}" / "ensurepip" / "_bundled").glob("*.whl")]
    return ensurepip or (prefix / "share" / "python-wheels").glob("*.whl")


def _provide_pip(commands: Path, minor: str) -> None:
    for name in ("pip", "pip3", f"pip{minor}"):
        write_script(commands / name, f'exec "{commands}/python" -m pip "$@"')
