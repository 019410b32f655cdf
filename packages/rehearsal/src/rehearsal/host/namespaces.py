"""Kernel isolation of a process: namespaces, mounts and capabilities.

Used in the programs that helper_process.py starts, which can import the standard library only.
Sources: namespaces(7), mount_namespaces(7), mount_setattr(2), capabilities(7), proc_pid_mem(5).
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Collection, Iterable

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER = 1, 24, 36
# The capabilities of an unprivileged container: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP,
# NET_BIND_SERVICE, NET_RAW, SYS_CHROOT, AUDIT_WRITE, SETFCAP. Without MKNOD, which could create a device node of the
# disk. Source: docker run, "Runtime privilege and Linux capabilities".
CONTAINERS = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 29, 31})

_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000
_MOUNT_ATTR_RDONLY = 1
_CAPABILITIES_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def enter_mount_namespace(also: int = 0) -> None:
    """Enter a private mount namespace, and the namespaces of the flags `also`. Raises OSError.

    An ordinary user also enters a user namespace. The process can then inspect no process outside of it, and the
    programs that it starts have no capabilities in it.
    """
    user, group = os.geteuid(), os.getegid()
    try:
        os.unshare(os.CLONE_NEWNS | also)
    except PermissionError:
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNS | also)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    mount("none", "/", MS_REC | MS_PRIVATE)


def mount(source: str, target: str, flags: int, *, kind: str = "", options: str = "") -> None:
    """Call mount(2). Raises OSError, whose text names `source` and `target`."""
    arguments = [os.fsencode(argument) for argument in (source, target, kind)]
    if libc.mount(*arguments, ctypes.c_ulong(flags), os.fsencode(options)):
        raise _failed(f"mount {source} on {target}")


def hide(folder: str, shown: Iterable[str] = ()) -> None:
    """Mount a read-only folder over `folder` that holds only `shown`.

    Files that are already open, and folders that are bound elsewhere, stay usable. shown: folders; those outside of
    `folder` are visible anyway.
    """
    handles = {path: os.open(path, os.O_PATH) for path in shown if _is_inside(path, folder) and os.path.isdir(path)}
    mount("tmpfs", folder, MS_NOSUID | MS_NODEV, kind="tmpfs", options="mode=755")
    for path, handle in handles.items():
        os.makedirs(path, exist_ok=True)
        mount(f"/proc/self/fd/{handle}", path, MS_BIND | MS_REC)
        os.close(handle)
    read_only(folder)


def _is_inside(path: str, folder: str) -> bool:
    return path.startswith(f"{folder.rstrip('/')}/")


def read_only(path: str, *, on: bool = True) -> None:
    """Make the mount at `path` and all below it read-only; with `on` False make only the mount at `path` writable."""
    attributes = (ctypes.c_uint64 * 4)(_MOUNT_ATTR_RDONLY if on else 0, 0 if on else _MOUNT_ATTR_RDONLY, 0, 0)
    call = (_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), _AT_RECURSIVE if on else 0)
    if libc.syscall(*call, ctypes.byref(attributes), ctypes.c_size_t(ctypes.sizeof(attributes))):
        raise _failed(f"make {path} read-only" if on else f"make {path} writable")


def drop_capabilities(keep: Collection[int] = ()) -> None:
    """Limit programs that are executed from now on to the capabilities `keep`, even for root.

    Such a program can undo no mount, and inspect no process with more capabilities.
    """
    for number in range(64):
        if number not in keep:
            libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)  # fails for capabilities that this kernel does not have
    header, sets = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0), (ctypes.c_uint32 * 6)()
    libc.capget(header, sets)
    sets[2] = sets[5] = 0  # the two words of the inheritable set
    libc.capset(header, sets)


def _failed(operation: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{operation}: {os.strerror(number)}")
