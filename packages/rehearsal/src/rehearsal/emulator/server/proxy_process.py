"""The proxy's process, and the script by which Node.js, which ignores proxy variables, reaches the embedded AWS."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from pathlib import Path

from rehearsal.emulator.server import proxy
from rehearsal.emulator.server.aws_hosts import AWS_DOMAINS, DOWNLOADS
from rehearsal.host.atomic_write import write_text
from rehearsal.host.helper_process import helper_command

_SCRIPT = Path(__file__).with_name("aws_hosts.cjs")


class ProxyProcess:
    """The proxy's socket, and the process that serves it from the first connection on.

    Most commands never connect to the proxy, whose start takes 0.1 s. The kernel accepts connections immediately.
    """

    def __init__(self, tls: int, plain: int) -> None:
        """Open the socket. tls, plain: the ports of the embedded AWS. The process gets the present environment."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ports, self._environment = (str(tls), str(plain)), dict(os.environ)
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def start_on_connection(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the process when the first client connects."""

        def start() -> None:
            loop.remove_reader(self._listener)
            self.start()

        loop.add_reader(self._listener, start)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the process, which ends when its standard input is closed."""
        with self._listener as listener:
            self._process = subprocess.Popen(
                [*helper_command(proxy.__name__), str(listener.fileno()), *self._ports],
                stdin=subprocess.PIPE,
                env=self._environment,
                pass_fds=(listener.fileno(),),
            )
        return self._process

    def end(self) -> None:
        """End the proxy and its open connections."""
        self._listener.close()
        if self._process:
            self._process.communicate()


def write_node_hosts(path: Path, tls: int, plain: int) -> None:
    """Write the script that Node.js preloads, which routes AWS's host names to these ports."""
    values = {"{domains}": " ".join(AWS_DOMAINS), "{downloads}": " ".join(DOWNLOADS)}
    values |= {'"{tls}"': str(tls), '"{plain}"': str(plain)}
    script = _SCRIPT.read_text()
    for name, value in values.items():
        script = script.replace(name, value)
    write_text(path, script)
