"""The socket of the embedded AWS's address; its process inherits it, so that no other process takes the port."""

from __future__ import annotations

import contextlib
import secrets
import socket
from pathlib import Path

from rehearsal.errors import WrongUse

# The ports that the kernel gives to connections. Source: ip(7), ip_local_port_range.
LOCAL_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST_PORT, TRIES = 20_000, 100  # users' own servers usually have lower ports


def listen_on_preferred_port(saved: str, port: int | None) -> socket.socket:
    """Listen on the requested port, else on that of the saved state, which is in its queues' URLs, else on a free one.

    saved: the address of the saved state; empty without one. Raises WrongUse where the requested port cannot be used.
    """
    if port is not None:
        return _listen_or_refuse(
            port, f"port {port} on 127.0.0.1 cannot be used ({{}}); name another with --port, or leave it out"
        )
    if saved:
        with contextlib.suppress(OSError):
            return _listen(port_of(saved))
    return _listen_on_free_port()


def _listen_on_free_port() -> socket.socket:
    """Listen on a free port below those that the kernel gives to connections, else on any free port.

    So the port is probably free again when the saved state is resumed.
    """
    first, _ = map(int, LOCAL_PORTS.read_text().split())
    below = range(LOWEST_PORT, first)
    for port in secrets.SystemRandom().sample(below, min(TRIES, len(below))):
        with contextlib.suppress(OSError):
            return _listen(port)
    return _listen(0)


def listen_on_saved_port(saved: str, port: int | None) -> socket.socket:
    """Listen on the port of the saved state. Raises WrongUse where that is not possible."""
    afresh = "`rehearse up` starts afresh, without it"
    if port not in (None, port_of(saved)):
        raise WrongUse(f"the saved state can be used at port {port_of(saved)} only: leave --port out ({afresh})")
    return _listen_or_refuse(
        port_of(saved),
        f"the saved state can be used at {saved} only, where listening failed ({{}}): free that port; {afresh}",
    )


def _listen_or_refuse(port: int, refusal: str) -> socket.socket:
    try:
        return _listen(port)
    except OSError as error:
        raise WrongUse(refusal.format(error.strerror)) from error


def _listen(port: int) -> socket.socket:
    """Listen on the port (0: any free one). Raises OSError."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def port_of(address: str) -> int:
    """Return the port of an address such as http://127.0.0.1:4566."""
    return int(address.rpartition(":")[2])
