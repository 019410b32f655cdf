"""The proxy's process, and the script by which Node.js, which ignores proxy variables, reaches the embedded AWS."""

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
    """The running proxy, which ends when the standard input of `process` is closed."""

    url: str
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, tls: int, plain: int) -> Self:
        """Start the proxy. tls, plain: the ports of the embedded AWS. Its socket accepts connections immediately."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            process = subprocess.Popen(
                [*helper_command(proxy.__name__), str(listener.fileno()), str(tls), str(plain)],
                stdin=subprocess.PIPE,
                env=dict(os.environ),
                pass_fds=(listener.fileno(),),
            )
            return cls(f"http://127.0.0.1:{listener.getsockname()[1]}", process)

    def end(self) -> None:
        """End the proxy and its open connections."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait()


def write_node_hosts(path: Path, tls: int, plain: int) -> None:
    """Write the script that Node.js preloads, which routes AWS's host names to these ports."""
    values = {"{domains}": " ".join(AWS_DOMAINS), "{downloads}": " ".join(DOWNLOADS)}
    values |= {'"{tls}"': str(tls), '"{plain}"': str(plain)}
    script = _SCRIPT.read_text()
    for name, value in values.items():
        script = script.replace(name, value)
    write_text(path, script)
