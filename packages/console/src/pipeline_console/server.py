"""The server: one process on 127.0.0.1."""

from __future__ import annotations

import asyncio
import signal
import socket
import webbrowser
from collections.abc import Awaitable, Callable

from hypercorn.asyncio import serve
from hypercorn.config import Config
from starlette.types import ASGIApp

from pipeline_console.errors import WrongUse

HOST, DEFAULT_PORT = "127.0.0.1", 8377


def listen(port: int | None) -> socket.socket:
    """Listen on a port: the given one, else the default one, else a free one. Raises WrongUse where it is taken."""
    for candidate in (port,) if port else (DEFAULT_PORT, 0):
        opened = socket.socket()
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind((HOST, candidate))
            opened.listen()  # two sockets can be bound to a port as long as none of them listens
        except OSError as error:
            opened.close()
            if port:
                raise WrongUse(f"--port {port}: {error.strerror}; choose another one, or leave it out") from error
        else:
            return opened
    raise AssertionError("port 0 is always free")


async def serve_until(ended: Callable[[], Awaitable[object]], app: ASGIApp, opened: socket.socket) -> None:
    """Serve at an open port until `ended` returns."""
    config = Config()
    config.bind = [f"fd://{opened.detach()}"]
    config.graceful_timeout = 0.5
    config.include_server_header = False
    config.errorlog = None
    await serve(app, config, shutdown_trigger=ended)  # type: ignore[arg-type]


def run(app: ASGIApp, opened: socket.socket, url: str, *, browser: bool, ready: Callable[[], None]) -> None:
    """Serve until the process is asked to end."""

    async def main() -> None:
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        ready()
        if browser:
            webbrowser.open(url)
        await serve_until(ended.wait, app, opened)

    asyncio.run(main())
