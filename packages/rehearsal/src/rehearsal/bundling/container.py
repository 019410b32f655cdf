"""Executes a command as in a container: the image's Python or Node, its folders mounted, and nothing else writable."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from rehearsal.bundling.arguments import RunArguments, Unsupported
from rehearsal.bundling.images import Image
from rehearsal.bundling.runtime import provide_runtime
from rehearsal.host import host_environment, namespaces

# Settings of the caches of package managers, which stay this machine's.
_CACHES = ("npm_config_cache", "PIP_CACHE_DIR", "UV_CACHE_DIR")


def execute(folder: Path, node: Path, image: Image, arguments: RunArguments) -> None:
    """Replace this process by the command. Raises Unsupported and OSError."""
    for name in ("home", "root"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    runtime = provide_runtime(folder, node, image, arguments, _variables(folder))
    variables = {**_variables(folder), **runtime, **arguments.variables}
    caches = [variables[name] for name in _CACHES if name in variables]
    for cache in caches:
        Path(cache).mkdir(parents=True, exist_ok=True)
    writable = [str(folder), "/tmp", "/dev/shm", variables.get("TMPDIR", ""), *caches]  # noqa: S108
    enter_root(folder / "root", arguments.volumes, [path for path in writable if Path(path or "-").is_dir()])
    os.chdir(arguments.folder)
    os.execvpe(arguments.command[0], arguments.command, variables)


def _variables(folder: Path) -> dict[str, str]:
    """Return the variables of a container: not the build's, but this machine's way to package registries."""
    names = [*_CACHES, "TMPDIR", "NODE_OPTIONS"]
    passed = {name: os.environ[name] for name in names if name in os.environ}
    return {**host_environment.clean_environment(), **passed, "HOME": str(folder / "home")}


def enter_root(root: Path, volumes: Mapping[str, str], writable: Iterable[str]) -> None:
    """Go on in a file system with `volumes` (source by target), read-only but for them and the folders `writable`.

    Raises OSError where this machine forbids mounts.
    """
    namespaces.enter_mount_namespace()
    namespaces.mount("tmpfs", str(root), namespaces.MS_NOSUID | namespaces.MS_NODEV, kind="tmpfs", options="mode=755")
    for entry in os.scandir("/"):
        _mirror(Path(entry.path), root / entry.name)
    targets = [(root / path.lstrip("/"), path) for path in sorted(writable)]  # a folder before those in it
    targets += [(_mount_point(root, target), source) for target, source in volumes.items()]
    for target, source in targets:
        namespaces.mount(source, str(target), namespaces.MS_BIND | namespaces.MS_REC)
    namespaces.read_only(str(root))
    for target, _ in targets:
        namespaces.read_only(str(target), on=False)
    os.chroot(root)


def _mount_point(root: Path, target: str) -> Path:
    point = root / target.strip("/")
    if not point.exists() and point.parent != root:
        raise Unsupported(f"the volume {target}: a new folder of the top level, or one that exists, can be mounted")
    point.mkdir(exist_ok=True)
    return point


def _mirror(source: Path, target: Path) -> None:
    mode = source.lstat().st_mode
    if stat.S_ISLNK(mode):
        target.symlink_to(source.readlink())
    elif stat.S_ISDIR(mode):
        target.mkdir()
        namespaces.mount(str(source), str(target), namespaces.MS_BIND | namespaces.MS_REC)
    elif stat.S_ISREG(mode):
        target.touch()
        namespaces.mount(str(source), str(target), namespaces.MS_BIND)
