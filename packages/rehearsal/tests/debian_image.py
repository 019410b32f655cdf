"""An image for tests, made from Debian packages without a registry: busybox, bash and Python.

Debian's podman needs other settings on machines whose kernel has both versions of control groups.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from rehearsal.host.container_engine import ContainerEngine, find_engine

ENGINE = find_engine() or ContainerEngine("podman")
_PACKAGES = (
    "bash", "busybox-static", "libc6", "libexpat1", "libpython3.11-minimal", "libpython3.11-stdlib", "libssl3",
    "libtinfo6", "python3.11-minimal", "zlib1g",
)  # fmt: skip
_COMMANDS = (
    "cat", "chmod", "chown", "cp", "cut", "env", "id", "ln", "ls", "mkdir", "mount", "rm", "sh", "sha256sum", "sleep",
    "stat", "touch", "true",
)  # fmt: skip
_NAME = f"localhost/rehearsal-tests:{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]}"
_SETTINGS = """\
[containers]
default_ulimits = ["nofile=1024:20000", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
"""


def _configure() -> None:
    """Set podman's settings before the first embedded AWS starts, which inherits them."""
    if shutil.which("podman") and shutil.which("runc"):
        settings = Path(tempfile.gettempdir()) / f"rehearsal-tests-containers-{os.getuid()}.conf"
        settings.write_text(_SETTINGS)
        os.environ.setdefault("CONTAINERS_CONF", str(settings))


_configure()


def image() -> str:
    """Return the image's name; skip the test where this machine runs no containers, or cannot create the image."""
    if problem := _problem():
        pytest.skip(f"builds in an image are not tested: {problem}")
    return _NAME


@functools.cache
def _problem() -> str:
    """Create the image where it is missing; return why that is not possible."""
    if not shutil.which(ENGINE.program):
        return "this machine has neither Docker's engine nor podman"
    if ENGINE.image_variables(_NAME) is None and (problem := _create()):
        return problem
    tried = ENGINE.call("run", "--rm", "--network=host", _NAME, "/bin/sh", "-c", "exit 0")
    return f"{ENGINE.program} runs no container here: {tried.stderr.strip()[-300:]}" if tried.returncode else ""


def _create() -> str:
    with tempfile.TemporaryDirectory() as folder:
        debs, root = Path(folder) / "debs", Path(folder) / "root"
        debs.mkdir()
        words = ["apt-get", "download", *_PACKAGES]
        done = subprocess.run(words, cwd=debs, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"Debian's packages cannot be downloaded: {done.stderr.strip()[-300:]}"
        for package in debs.iterdir():
            subprocess.run(["dpkg-deb", "--extract", package, root], check=True)
        _finish(root)
        archive = Path(folder) / "root.tar"
        subprocess.run(["tar", "--create", "--file", archive, "--directory", root, "."], check=True)
        done = ENGINE.call("import", "--change", "ENV IN_IMAGE=yes", "--change", "USER 1000", str(archive), _NAME)
        return done.stderr.strip() if done.returncode else ""


def _finish(root: Path) -> None:
    """Add what packages create when they are installed: links to busybox and Python, /root and /tmp."""
    for name in _COMMANDS:
        (root / "bin" / name).symlink_to("busybox")
    (root / "usr/bin/env").symlink_to("/bin/busybox")
    (root / "usr/bin/python3").symlink_to("python3.11")
    (root / "usr/local/bin").mkdir(parents=True, exist_ok=True)
    aws = root / "usr/local/bin/aws"
    aws.write_text("#!/bin/sh\necho the AWS CLI of the image\n")
    aws.chmod(0o755)
    for folder in ("root", "tmp", "etc", "proc", "sys", "dev"):
        (root / folder).mkdir(exist_ok=True)
