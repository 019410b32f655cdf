"""Makes one function's file system and becomes its interpreter; a program of its own, started by environment.py.

Reads one JSON line from standard input, layout.py's plan, and leaves the rest to the interpreter. With `mounts`, a
mount namespace of the process's own has the code on /var/task, the layers on /opt and the runtime on /var/runtime and
/var/lang, all read-only, and an empty /tmp; without, the folders stay where they are.

Called with `--probe FOLDER`, it ends with 0 where this machine can do that, and with 1 and the reason where it can't.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import stat
import sys
from typing import Any

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
LOCKED = 0xF  # read-only, nosuid, nodev, noexec: what a namespace of an ordinary user must not take back
PR_SET_PDEATHSIG = 1
FILES = 1024  # "AWS Lambda quotas": file descriptors

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    plan = json.loads(_line())
    if plan["mounts"]:
        namespace()
        build(plan)
    _limit_files()
    os.chdir(plan["variables"]["LAMBDA_TASK_ROOT"])
    # after the namespace, because the kernel forgets it when credentials change
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.write(plan["answers"], b'{"kind": "starting", "bytes": 0}\n')
    os.execve(plan["command"][0], plan["command"], plan["variables"])


def namespace() -> None:
    """A mount namespace that nobody else sees; for an ordinary user one of users around it. Raises OSError."""
    user, group = os.geteuid(), os.getegid()
    try:
        os.unshare(os.CLONE_NEWNS)
    except PermissionError:
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNS)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            _write(f"/proc/self/{name}", text)
    _mount("none", "/", MS_REC | MS_PRIVATE)


def build(plan: dict[str, Any]) -> None:
    """Lay out the plan's file system. /tmp comes last: what is bound may lie there."""
    var = plan["var"]
    _mount("tmpfs", var, MS_NOSUID | MS_NODEV, kind="tmpfs", options="mode=755")
    for name in os.listdir("/var"):
        if name not in {"task", "runtime", "lang"}:
            _mirror(f"/var/{name}", f"{var}/{name}")
    for target, source in plan["binds"].items():
        if target.startswith("/var/"):
            bind(source, var + target.removeprefix("/var"))
    for target, source in plan["links"].items():
        path = var + target.removeprefix("/var")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(source, path)
    _mount(var, "/var", MS_BIND | MS_REC)
    _read_only("/var")
    if "/opt" in plan["binds"]:
        bind(plan["binds"]["/opt"], "/opt")
    if plan["tmp_mb"]:
        _mount("tmpfs", "/tmp", MS_NOSUID | MS_NODEV, kind="tmpfs", options=f"mode=1777,size={plan['tmp_mb']}m")  # noqa: S108


def bind(source: str, target: str) -> None:
    """Show a file or a folder at another place, read-only."""
    _make(target, folder=os.path.isdir(source))
    _mount(source, target, MS_BIND)
    _read_only(target)


def _mirror(source: str, target: str) -> None:
    """The machine's own entry of /var: its certificates, say, may lead there."""
    mode = os.lstat(source).st_mode
    if stat.S_ISLNK(mode):
        os.symlink(os.readlink(source), target)
    elif stat.S_ISDIR(mode) or stat.S_ISREG(mode):
        _make(target, folder=stat.S_ISDIR(mode))
        _mount(source, target, MS_BIND | MS_REC)


def _make(path: str, *, folder: bool) -> None:
    os.makedirs(path if folder else os.path.dirname(path), exist_ok=True)
    if not folder and not os.path.exists(path):
        _write(path, "")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _read_only(path: str) -> None:
    _mount("none", path, MS_REMOUNT | MS_BIND | MS_RDONLY | os.statvfs(path).f_flag & LOCKED)


def _mount(source: str, target: str, flags: int, *, kind: str = "", options: str = "") -> None:
    arguments = [os.fsencode(each) for each in (source, target, kind)]
    if _libc.mount(*arguments, ctypes.c_ulong(flags), os.fsencode(options)):
        number = ctypes.get_errno()
        raise OSError(number, f"mount {source} on {target}: {os.strerror(number)}")


def _limit_files() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def _line() -> bytes:
    """One line, byte by byte: what follows is for the interpreter."""
    read = bytearray()
    while not read.endswith(b"\n"):
        some = os.read(0, 1)
        if not some:
            sys.exit(0)
        read += some
    return bytes(read)


def probe(var: str) -> str:
    """Why this machine cannot mount; nothing where it can."""
    try:
        namespace()
        build({"var": var, "binds": {"/var/task": "/usr", "/opt": "/usr"}, "links": {}, "tmp_mb": 1})
    except (OSError, AttributeError) as error:
        return str(error)
    return ""


if __name__ == "__main__":
    if sys.argv[1:2] == ["--probe"]:
        sys.exit(probe(sys.argv[2]) or 0)
    main()
