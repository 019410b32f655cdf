"""The program that runs containers on this machine: Docker, where its engine runs, or podman.

Sources: docker(1) and podman(1): `image inspect`, `pull`.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rehearsal.errors import RehearsalError
from rehearsal.host import host_environment

_FOREIGN = "the image is for another processor than this machine's, {}: name one for it with --image"
_ENGINE_FAILED = 125  # the first status of `run` that is not the command's
_SOCKET = Path("/var/run/docker.sock")
# The user's variables that say where an engine and its images are.
_SETTINGS = ("CDK_DOCKER", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "CONTAINER_HOST", "XDG_RUNTIME_DIR")


class ContainerFailed(RehearsalError):
    """An image cannot run, or its container ended early; the message has the engine's last lines."""

    def __init__(self, problem: str) -> None:
        foreign = "exec format error" in problem.lower()
        super().__init__(f"{problem}; {_FOREIGN.format(os.uname().machine)}" if foreign else problem)


@dataclass(frozen=True)
class ContainerEngine:
    """An engine. program: its command."""

    program: Literal["docker", "podman"]

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of its commands: images are below the user's home, and registries may need the proxy."""
        home = pwd.getpwuid(os.getuid()).pw_dir
        return {**host_environment.clean_environment(), **settings(), "HOME": home}

    def image_variables(self, image: str) -> Mapping[str, str] | None:
        """Return the environment variables of an image; None where this machine does not have the image."""
        done = self.call("image", "inspect", "--format", "{{json .Config.Env}}", image)
        if done.returncode:
            return None
        pairs = (pair.partition("=") for pair in json.loads(done.stdout) or [])
        return {name: value for name, _, value in pairs}

    def pull(self, image: str) -> str:
        """Download an image; return the last line of the error, empty after success."""
        done = self.call("pull", "--quiet", image)
        last = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]
        return last.removeprefix("Error: ") if done.returncode else ""

    def read_file(self, image: str, path: str) -> str | None:
        """Return the content of a file in an image; None without it. Raises ContainerFailed where cat does not run."""
        done = self.call("run", "--rm", "--network=none", "--user=0:0", "--entrypoint=cat", image, path)
        if done.returncode >= _ENGINE_FAILED:
            raise ContainerFailed(f"{self.program} cannot run {image}: {done.stderr.strip()}")
        return None if done.returncode else done.stdout

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [self.program, *words]
        return subprocess.run(command, env=dict(self.environment), capture_output=True, text=True, check=False)


def find_engine() -> ContainerEngine | None:
    """Return this machine's engine; None where it has neither Docker's engine nor podman."""
    if shutil.which("docker") and (_SOCKET.exists() or os.environ.get("DOCKER_HOST")):
        return ContainerEngine("docker")
    return ContainerEngine("podman") if shutil.which("podman") else None


def settings() -> dict[str, str]:
    """Return the user's variables that configure Docker and podman."""
    return {name: value for name, value in os.environ.items() if name in _SETTINGS or name.startswith("DOCKER_")}
