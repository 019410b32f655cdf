"""A separate program that mounts a function's file system and executes its interpreter; runtime_process.py starts it.

It reads one message from standard input, filesystem.py's plan, and leaves the rest of the input to the interpreter.
With `mounts` the function has its own namespaces: the code is at /var/task, the layers at /opt, the runtime at
/var/runtime and /var/lang, /tmp is empty, everything else is read-only, and it sees only the processes that it starts.
Without `mounts` the folders stay where they are.

With `--probe FOLDER` it exits with 0 where this machine supports the mounts, else with 1 and the reason.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import stat
import sys

from rehearsal.host import framing
from rehearsal.host.namespaces import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_REC,
    PR_SET_PDEATHSIG,
    drop_capabilities,
    enter_mount_namespace,
    hide,
    libc,
    mount,
    read_only,
)

TYPE_CHECKING = False
if TYPE_CHECKING:  # as in framing.py
    from typing import NoReturn, TypedDict

    class MountPlan(TypedDict, total=False):
        """The file system of a function; without `mounts` it has no other members."""

        mounts: bool
        var: str
        binds: dict[str, str]
        links: dict[str, str]
        covers: dict[str, str]
        hidden: str
        runtime: str
        tmp_mb: int

    class SandboxPlan(MountPlan, total=False):
        """The message that starts a function's interpreter."""

        answers: int
        arguments: list[str]
        command: list[str]
        variables: dict[str, str]


MAX_OPEN_FILES = 1024  # "AWS Lambda quotas": file descriptors


def main(*arguments: str) -> None:
    if arguments[:1] == ("--probe",):
        sys.exit(probe(arguments[1]) or 0)
    plan: SandboxPlan | None = framing.read()
    if plan is None:
        sys.exit(0)
    if plan["mounts"]:
        enter_mount_namespace(os.CLONE_NEWPID)
        enter_pid_namespace()
        mount_filesystem(plan)
        drop_capabilities()
    _limit_files()
    os.chdir(plan["variables"]["LAMBDA_TASK_ROOT"])
    _die_with_parent()
    os.write(plan["answers"], b'{"kind": "starting", "bytes": 0}\n')
    os.execve(plan["command"][0], plan["command"], plan["variables"])


def enter_pid_namespace() -> None:
    """Continue as the second process of the new PID namespace; its first process reaps all processes started in it.

    When the second process ends, the first one ends, and with it, by the kernel, all others; then the calling process
    exits with the status of the second. All end too when the calling process is killed.
    """
    _die_with_parent()
    reader, writer = os.pipe()
    if first := os.fork():
        os.close(writer)
        status = os.read(reader, 16)
        os.waitpid(first, 0)
        _exit_with_status(int(status or signal.SIGKILL))  # no status: the first process was killed
    os.close(reader)
    _die_with_parent()
    poll = select.poll()
    poll.register(writer, 0)
    if poll.poll(0):  # the parent ended before PR_SET_PDEATHSIG was set
        os._exit(0)
    if second := os.fork():
        while True:
            ended, code = os.wait()
            if ended == second:
                os.write(writer, b"%d" % code)
                os._exit(0)
    os.close(writer)


def _exit_with_status(status: int) -> NoReturn:
    """Exit with the exit status, or by the signal, of a wait status."""
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


def _die_with_parent() -> None:
    """Let the kernel kill this process with its parent. Call it after entering namespaces, which resets the setting."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def mount_filesystem(plan: MountPlan) -> None:
    """Mount the plan's file system. /tmp is mounted last, because sources of the other mounts may be in it."""
    var = plan["var"]
    mount("tmpfs", var, MS_NOSUID | MS_NODEV, kind="tmpfs", options="mode=755")
    for name in os.listdir("/var"):
        if name not in {"task", "runtime", "lang"}:
            _mirror(f"/var/{name}", f"{var}/{name}")
    for target, source in plan["binds"].items():
        _bind(source, var + target.removeprefix("/var") if target.startswith("/var/") else target)
    for target, source in plan["links"].items():
        path = var + target.removeprefix("/var")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(source, path)
    mount(var, "/var", MS_BIND | MS_REC)
    for target, source in plan["covers"].items():
        mount(source, target, MS_BIND | MS_REC)
    read_only("/")
    hide(plan["hidden"])
    _mount_tmp(plan["tmp_mb"], plan["runtime"])
    mount("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, kind="proc")


def _mount_tmp(size: int, runtime: str) -> None:
    """Mount an empty /tmp of `size` MB; the runtime's folder stays there where it is in the machine's /tmp."""
    installed = os.open(runtime, os.O_PATH)
    mount("tmpfs", "/tmp", MS_NOSUID | MS_NODEV, kind="tmpfs", options=f"mode=1777,size={size}m")  # noqa: S108
    if runtime.startswith("/tmp/"):  # noqa: S108
        os.makedirs(runtime)
        mount(f"/proc/self/fd/{installed}", runtime, MS_BIND | MS_REC)
    os.close(installed)


def _bind(source: str, target: str) -> None:
    """Bind-mount a file or a folder at another path."""
    _create_mount_point(target, folder=os.path.isdir(source))
    mount(source, target, MS_BIND)


def _mirror(source: str, target: str) -> None:
    """Keep an entry of the machine's /var, which links in other folders, such as those of certificates, may lead to."""
    mode = os.lstat(source).st_mode
    if stat.S_ISLNK(mode):
        os.symlink(os.readlink(source), target)
    elif stat.S_ISDIR(mode) or stat.S_ISREG(mode):
        _create_mount_point(target, folder=stat.S_ISDIR(mode))
        mount(source, target, MS_BIND | MS_REC)


def _create_mount_point(path: str, *, folder: bool) -> None:
    os.makedirs(path if folder else os.path.dirname(path), exist_ok=True)
    if not folder and not os.path.exists(path):
        with open(path, "w", encoding="utf-8"):
            pass


def _limit_files() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def probe(var: str) -> str:
    """Return why this machine cannot mount a function's file system; empty where it can."""
    plan: MountPlan = {
        "var": var,
        "binds": {"/var/task": "/usr", "/opt": "/usr"},
        "links": {},
        "covers": {},
        "hidden": var,
        "runtime": "/usr",
    }
    try:
        enter_mount_namespace(os.CLONE_NEWPID)
        enter_pid_namespace()
        mount_filesystem({**plan, "tmp_mb": 1})
    except (OSError, AttributeError) as error:
        return str(error)
    return ""
