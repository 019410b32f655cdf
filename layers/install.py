"""uv puts the exported packages into a folder, for a target that may differ from this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from layers.processes import run, tool
from layers.settings import Target
from layers.slices import Slice

# What the runtimes' glibc 2.34 (Amazon Linux 2023) can load.
_PLATFORMS = {"x86_64": "x86_64-manylinux_2_34", "arm64": "aarch64-manylinux_2_34"}


def install(root: Path, part: Slice, target: Target, folder: Path, python: str) -> None:
    """Fill `folder` with the slice's wheels, each verified by its hash, nothing resolved and nothing built."""
    requirements = folder.parent / f"{part.name}.txt"
    requirements.write_text("".join(f"{pin.text}\n" for pin in part.pins))
    command = [tool("uv", root), "pip", "install", "--quiet", "-r", str(requirements), "--target", str(folder)]
    command += ["--python", python, "--python-version", target.python]
    command += ["--python-platform", _PLATFORMS[target.architecture], "--require-hashes", "--no-deps"]
    command += ["--only-binary", ":all:", "--no-installer-metadata", "--link-mode", "copy", "--no-config"]
    run(command, cwd=root)
    # uv leaves its lock, and scripts that name this machine's interpreter.
    (folder / ".lock").unlink(missing_ok=True)
    shutil.rmtree(folder / "bin", ignore_errors=True)
