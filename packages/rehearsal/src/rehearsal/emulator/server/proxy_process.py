"""The process of the proxy, and the file with which Node does without it; both end with the embedded AWS."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rehearsal.emulator.server import proxy
from rehearsal.emulator.server.aws_hosts import AWS_DOMAINS, DOWNLOADS
from rehearsal.host.atomic_write import write_text
from rehearsal.host.helper_process import helper_command

_SCRIPT = Path(__file__).with_name("aws_hosts.cjs")


@dataclass(frozen=True)
class ProxyProcess:
    """The running proxy. process: its standard input is open as long as it is wanted."""

    url: str
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, tls: int, plain: int) -> Self:
        """Start it with the ports of the embedded AWS; it serves as soon as it has read its modules."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            process = subprocess.Popen(
                [*helper_command(proxy.__name__), str(listener.fileno()), str(tls), str(plain)],
                stdin=subprocess.PIPE,
                env=dict(os.environ),
                pass_fds=(listener.fileno(),),
            )
            return cls(f"http://127.0.0.1:{listener.getsockname()[1]}", process)

    def end(self) -> None:
        """End it, and the connections that it still has."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait()


def write_node_hosts(path: Path, tls: int, plain: int) -> None:
    """Write the file that leads Node's connections to the embedded AWS."""
    values = {"{domains}": " ".join(AWS_DOMAINS), "{downloads}": " ".join(DOWNLOADS)}
    values |= {'"{tls}"': str(tls), '"{plain}"': str(plain)}
    script = _SCRIPT.read_text()
    for name, value in values.items():
        script = script.replace(name, value)
    write_text(path, script)
