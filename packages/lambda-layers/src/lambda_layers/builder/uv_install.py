"""Installing locked packages with uv into a folder, for a target that may differ from this machine."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from lambda_layers.builder import cache_key, package_index
from lambda_layers.builder.package_index import IndexCall
from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import Pin, Source
from lambda_layers.poetry.credentials import stored_credentials
from lambda_layers.subprocesses import find_tool, run
from lambda_layers.target.platform import Target


def install(
    root: Path,
    pins: Sequence[Pin],
    target: Target,
    folder: Path,
    *,
    python: str,
    allowed: Iterable[str] = (),
    downloads: Path | None = None,
) -> None:
    """Install the pins' wheels into `folder`, verified by their hashes, without resolving; only `allowed` is built.

    downloads: uv's cache for layers; None downloads everything. It is not uv's default cache, whose files are linked
    into development environments, where they may be edited. Installed files may be hard links into it, so that callers
    replace files instead of writing to them.
    A package from a path or a commit has no hash, and is built. A local one is built from a copy, because backends
    write files next to the sources and would include them in the next build.
    """
    command = [find_tool("uv", root), "pip", "install", "--quiet", "--no-config", "--target", str(folder), "--no-deps"]
    command += ["--python", python, "--python-version", target.python, "--python-platform", target.platform]
    command += ["--no-installer-metadata", "--link-mode", "hardlink"]
    command += ["--cache-dir", str(downloads)] if downloads else ["--no-cache"]
    folder.mkdir(parents=True, exist_ok=True)
    unhashed = [pin for pin in pins if pin.url and not pin.hashes]
    for source, pinned in package_index.by_source([pin for pin in pins if pin not in unhashed]).items():
        requirements = folder.parent / "requirements.txt"
        requirements.write_text("".join(f"{_locked_requirement(pin, root)}\n" for pin in pinned))
        wheels = [f"--only-binary={pin.name}" for pin in pinned if pin.name not in {*allowed}]
        verified = [*command, "--require-hashes", *wheels, "-r", str(requirements)]
        in_cache = downloads is not None and (downloads / "CACHEDIR.TAG").exists()  # uv has used it
        if not in_cache or not _install_offline(verified, root, package_index.index_call(source)):
            _install_from_index(verified, root, target, source, pinned)
    for pin in unhashed:
        _install_unhashed(command, root, pin, folder.parent / "libraries")


def _install_unhashed(command: Sequence[str], root: Path, pin: Pin, copies: Path) -> None:
    """Install a package from a commit, or from a copy of a local folder below `copies`."""
    library = root / pin.url
    source = _copy_library(library, copies / pin.name) if library.is_dir() else library
    run([*command, f"--refresh-package={pin.name}", _requirement(pin, source)], cwd=root)


def _locked_requirement(pin: Pin, root: Path) -> str:
    # Without the marker, which has been evaluated: uv could evaluate it differently and skip the package silently.
    return " ".join([_requirement(pin, root / pin.url), *(f"--hash={digest}" for digest in pin.hashes)])


def _requirement(pin: Pin, source: Path) -> str:
    if not pin.url:
        return f"{pin.name}=={pin.version}"
    return f"{pin.name} @ {pin.url if '://' in pin.url else source.resolve().as_uri()}"


def _copy_library(library: Path, to: Path) -> Path:
    def ignored(folder: str, names: list[str]) -> list[str]:
        above = Path(folder).relative_to(library).parts
        return [name for name in names if cache_key.is_ignored((*above, name))]

    return Path(shutil.copytree(library, to / library.resolve().name, ignore=ignored, ignore_dangling_symlinks=True))


def _install_offline(command: list[str], root: Path, call: IndexCall) -> bool:
    """Return whether uv's cache had everything, so that no index, which may be slow or unreachable, is used."""
    try:
        _run([*command, "--offline"], root, call)
    except LayersError:
        return False  # the installation with the index reports what is missing or wrong
    return True


def _run(command: Sequence[str], root: Path, call: IndexCall) -> None:
    run([*command, *call.arguments], cwd=root, env=call.variables, without=call.removed)


def _install_from_index(
    command: list[str], root: Path, target: Target, source: Source | None, pins: Sequence[Pin]
) -> None:
    def install(call: IndexCall) -> None:
        _install_with_wheel_hint(command, root, target, call)

    if source is None or package_index.is_offline():
        install(package_index.index_call(source))
        return
    package_index.install_from(source, pins, install, lambda: stored_credentials(root, source))


def _install_with_wheel_hint(command: list[str], root: Path, target: Target, call: IndexCall) -> None:
    try:
        _run(command, root, call)
    except LayersError as error:
        if re.search(r"no (?:usable )?wheels|building from source is disabled", str(error)):
            raise LayersError(
                f"{error}\nA package has no wheel for Python {target.python} on {target.architecture}. Take a version "
                "that has one, or name it in `build-from-source` of [tool.layers] to build it here, for this machine"
            ) from error
        raise
