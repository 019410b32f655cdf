"""The program that CDK calls in place of `docker`, by CDK_DOCKER.

Source: AWS CDK, core/lib/bundling.ts and AWS CDK developer guide, "Build and deploy container image assets".
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from rehearsal.bundling import docker
from rehearsal.bundling.runtime import NOTES
from rehearsal.host import container_engine
from rehearsal.host.container_engine import ContainerEngine
from rehearsal.host.helper_process import build_command
from rehearsal.host.script_file import write_script

VARIABLE = "CDK_DOCKER"
_UNPRIVILEGED = """\
echo "docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?" >&2
echo "rehearsal: CDK calls Docker, and the project is not privileged: CodeBuild has no daemon for it either;" \\
  "set privileged mode (docker_enabled_for_synth=True in CDK Pipelines)" >&2
exit 1"""


def bundling_variables(folder: Path, node: Path, *, privileged: bool = True) -> Mapping[str, str]:
    """The variables that lead CDK to a program for bundling, which is written below `folder` where it is needed.

    node: the folder with node, npm and npx. privileged: whether Docker's daemon would run on AWS.
    """
    if not privileged:
        return {VARIABLE: str(_write(folder, _UNPRIVILEGED))}
    if os.environ.get(VARIABLE):
        return {VARIABLE: os.environ[VARIABLE]}
    if engine := container_engine.find_engine():
        return {**container_engine.settings(), VARIABLE: _write_engine(folder, engine)}
    words = [*build_command(docker.__name__), str(folder / "bundling"), str(node)]
    return {VARIABLE: str(_write(folder, f'exec {shlex.join(words)} "$@"'))}


def _write_engine(folder: Path, engine: ContainerEngine) -> str:
    """Write the engine's program, which finds its images in the user's home, not in that of the build."""
    program = shutil.which(engine.program) or engine.program
    return str(_write(folder, f'HOME={shlex.quote(engine.environment["HOME"])} exec {shlex.quote(program)} "$@"'))


def notes_file(folder: Path) -> Path:
    """Return the file in which programs note what they stood in for."""
    return folder / "bundling" / NOTES


def read_notes(folder: Path) -> list[str]:
    """Return how images differed from what stood in for them, each note once."""
    notes = notes_file(folder)
    return list(dict.fromkeys(notes.read_text(encoding="utf-8").splitlines())) if notes.exists() else []


def _write(folder: Path, text: str) -> Path:
    program = folder / "cdk-docker"
    write_script(program, text)
    return program
