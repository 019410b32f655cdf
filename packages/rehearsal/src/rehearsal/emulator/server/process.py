"""The emulator's process, which launcher.py starts with a clean environment.

It ends on SIGTERM and, unless detached, when it has no user any more, even if its users were killed. It saves its state
at its end.
"""

from __future__ import annotations

import asyncio
import asyncio.constants
import faulthandler
import gc
import os
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.aws import NODE_HOSTS, Endpoint, ca_bundle_variables
from rehearsal.emulator.server import lifetime, tls, working_state
from rehearsal.emulator.server.listeners import Listeners
from rehearsal.emulator.server.proxy_process import ProxyProcess, write_node_hosts
from rehearsal.host.removal import await_removals
from rehearsal.workspace import shared_caches
from rehearsal.workspace.layout import Server, Workspace

if TYPE_CHECKING:
    from hypercorn.config import Config

    from rehearsal.emulator.server.components import Components

# Actions work in the process that answers: each call of the system would wait five times as long for its turn.
SWITCH_INTERVAL_SECONDS = 0.001
HANGS_SECONDS = 40


def main(root: str, iam: str, listener: str, lock: str) -> None:
    """Serve until the end, then save the state.

    root: the project's folder. iam: "yes" or "no". listener: the file descriptor of the socket to serve. lock: the file
    descriptor of the startup lock, which is released when the server's record is written.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    gc.disable()  # the start creates hardly any garbage, and collections would take 5% of its time
    workspace = Workspace(Path(root))
    shared_caches.keep_until_exit(workspace.shared_caches)
    listeners = Listeners.open(int(listener), secure=iam == "yes")
    files = tls.ensure_certificates(workspace.tls, workspace.key)
    write_node_hosts(files.bundle.with_name(NODE_HOSTS), *listeners.ports)
    proxy = ProxyProcess(*listeners.ports)
    endpoint = _endpoint(workspace, listeners, files, proxy.url, iam=iam == "yes")
    working_state.prepare(workspace, endpoint.url)
    _set_variables(workspace, endpoint, files)
    parts = _assemble(workspace, endpoint)
    for problem in parts.engine.load():
        print(problem, file=sys.stderr)
    ended = 1
    try:
        asyncio.run(_serve(workspace, parts, listeners.config(files), proxy, _Announcement(endpoint, int(lock))))
        working_state.save(workspace, parts.unsaved)
        proxy.end()
        await_removals()  # no helper process outlives the emulator
        ended = 0
    finally:
        if ended:
            traceback.print_exc()
        workspace.record.unlink(missing_ok=True)
        os._exit(ended)  # MiniStack's pollers are not daemon threads; there is no need to wait for them


def _endpoint(workspace: Workspace, listeners: Listeners, files: tls.Tls, proxy: str, *, iam: bool) -> Endpoint:
    """The address. With IAM it uses TLS, which policies may require, and a random secret for the root users."""
    secure, plain = listeners.ports
    if iam:
        return Endpoint(f"https://127.0.0.1:{secure}", iam, files.bundle, workspace.secret(), proxy)
    return Endpoint(f"http://127.0.0.1:{plain}", ca=files.bundle, proxy=proxy)


def _set_variables(workspace: Workspace, endpoint: Endpoint, files: tls.Tls) -> None:
    """Set MiniStack's settings, which it reads when it is imported."""
    os.environ |= {
        "AWS_SECRET_ACCESS_KEY": endpoint.secret,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": endpoint.url.rpartition(":")[2],
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_HOST": "127.0.0.1",
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(workspace.running / "s3"),
        "S3_PERSIST": "1",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(workspace.running),
        "TMPDIR": str(working_state.temporary_folder(workspace)),
    }
    if endpoint.iam:
        os.environ |= {
            "AUTH": "true",
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(files.certificate),
            "MINISTACK_SSL_KEY": str(files.key),
            **ca_bundle_variables(files.bundle),
        }


def _assemble(workspace: Workspace, endpoint: Endpoint) -> Components:
    """Import MiniStack's application, then its services, which have to be imported after it."""
    from rehearsal.emulator.ministack.port.application import application

    ministack = application()
    from rehearsal.emulator.server.components import assemble

    return assemble(ministack, workspace, endpoint)


@dataclass(frozen=True)
class _Announcement:
    """Announces the emulator to other processes. lock: the file descriptor of the startup lock."""

    endpoint: Endpoint
    lock: int

    def make(self, workspace: Workspace) -> None:
        """Write the server's record, and release the startup lock."""
        endpoint = self.endpoint
        workspace.write_server(
            Server(os.getpid(), endpoint.url, endpoint.iam, str(endpoint.ca), endpoint.secret, proxy=endpoint.proxy)
        )
        os.close(self.lock)


async def _serve(
    workspace: Workspace, parts: Components, config: Config, proxy: ProxyProcess, announcement: _Announcement
) -> None:
    """Serve until a signal, or until the last user or the workspace is gone; then end all running work."""
    from hypercorn.asyncio import serve

    # The default of 30 s would delay the end for each client that keeps a connection open without reading from it.
    asyncio.constants.SSL_SHUTDOWN_TIMEOUT = 1.0
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    threading.Thread(target=lifetime.end_without_users, args=(workspace, loop, ended), daemon=True).start()
    threading.Thread(target=lifetime.end_without_workspace, args=(workspace,), daemon=True).start()
    loop.set_exception_handler(_ignore_client_disconnects)
    proxy.start_on_connection(loop)
    announcement.make(workspace)
    threading.Thread(target=parts.report_changes, daemon=True).start()
    gc.freeze()
    gc.enable()

    async def shut_down() -> None:
        await ended.wait()
        # The launcher kills a process that takes too long to end; its log then has the tracebacks of all threads.
        faulthandler.dump_traceback_later(HANGS_SECONDS, exit=False)
        for end in parts.ends:
            await asyncio.to_thread(end)

    await serve(parts.front, config, shutdown_trigger=shut_down)  # type: ignore[arg-type] # its own ASGI types


def _ignore_client_disconnects(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Do not log clients that drop a TLS connection."""
    if "SSL shutdown timed out" not in str(context.get("exception")):
        loop.default_exception_handler(context)


if __name__ == "__main__":
    main(*sys.argv[1:])
