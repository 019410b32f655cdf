"""The emulator's process, which launcher.py starts with a clean environment.

It ends on SIGTERM and, unless detached, when it has no user any more, even if its users were killed. It saves its state
at its end.
"""

from __future__ import annotations

import asyncio
import asyncio.constants
import faulthandler
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.aws import NODE_HOSTS, Endpoint, ca_bundle_variables, close_clients
from rehearsal.codebuild.build_queue import BuildQueue
from rehearsal.emulator.server import state_version, tls
from rehearsal.emulator.server.listeners import Listeners
from rehearsal.emulator.server.proxy_process import ProxyProcess, write_node_hosts
from rehearsal.host.processes import await_removals, remove_in_background
from rehearsal.project.remotes import Remotes
from rehearsal.workspace.build_area import STARTED
from rehearsal.workspace.layout import Server, Workspace
from rehearsal.workspace.locks import usage_lock

if TYPE_CHECKING:
    from rehearsal.emulator.ministack.port.application import Application
    from rehearsal.engine.engine import Engine

# Actions work in the process that answers: each call of the system would wait five times as long for its turn.
SWITCH_INTERVAL_SECONDS = 0.001
HANGS_SECONDS, UNUSED_SECONDS = 40, 0.1
# How often the process checks that its workspace still exists.
ORPHAN_CHECK_SECONDS = 1.0


def main(root: str, iam: str, listener: str, lock: str) -> None:
    """Serve until the end, then save the state.

    root: the project's folder. iam: "yes" or "no". listener: the file descriptor of the socket to serve. lock: the file
    descriptor of the startup lock, which is released when the server's record is written.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    workspace = Workspace(Path(root))
    listeners = Listeners.open(int(listener), secure=iam == "yes")
    files = tls.ensure_certificates(workspace.tls, workspace.key)
    write_node_hosts(files.bundle.with_name(NODE_HOSTS), *listeners.ports)
    proxy = ProxyProcess.start(*listeners.ports)
    endpoint = _endpoint(workspace, listeners, files, proxy.url, iam=iam == "yes")
    state = _configure_ministack(workspace, endpoint)
    parts = _assemble(workspace, endpoint)
    for problem in parts.engine.load():
        print(problem, file=sys.stderr)
    from hypercorn.asyncio import serve

    # The default of 30 s would delay the end for each client that keeps a connection open without reading from it.
    asyncio.constants.SSL_SHUTDOWN_TIMEOUT = 1.0

    async def run() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        threading.Thread(target=_wait_until_unused, args=(workspace, loop, ended), daemon=True).start()
        threading.Thread(target=_end_without_workspace, args=(workspace,), daemon=True).start()

        async def shut_down() -> None:
            await ended.wait()
            # The launcher kills a process that takes too long to end; its log then has the tracebacks of all threads.
            faulthandler.dump_traceback_later(HANGS_SECONDS, exit=False)
            for end in parts.ends:
                await asyncio.to_thread(end)

        loop.set_exception_handler(_ignore_client_disconnects)
        record = Server(os.getpid(), endpoint.url, endpoint.iam, str(endpoint.ca), endpoint.secret, proxy=proxy.url)
        workspace.write_server(record)
        os.close(int(lock))
        threading.Thread(target=parts.report_changes, daemon=True).start()  # 30 ms, which no start has to wait for
        await serve(parts.front, listeners.config(files), shutdown_trigger=shut_down)  # type: ignore[arg-type] # its own ASGI types

    ended = 1
    try:
        asyncio.run(run())
        _save_state(workspace, state)
        proxy.end()
        await_removals()  # no helper process outlives the emulator
        ended = 0
    finally:
        if ended:
            traceback.print_exc()
        workspace.record.unlink(missing_ok=True)
        os._exit(ended)  # MiniStack's pollers are not daemon threads; there is no need to wait for them


@dataclass(frozen=True)
class Components:
    """The parts of the process.

    front: the ASGI application. ends: called in this order to end running work. report_changes: a check of MiniStack's
    sources that runs after the start.
    """

    engine: Engine
    front: Application
    ends: Sequence[Callable[[], None]]
    report_changes: Callable[[], None]


def _assemble(workspace: Workspace, endpoint: Endpoint) -> Components:
    """Import MiniStack, apply the corrections, and connect all parts.

    The imports are here because MiniStack reads the environment when it is imported, and its application has to be
    imported before its services.
    """
    from rehearsal.emulator.ministack.port.application import application

    ministack = application()
    from rehearsal.actions.not_executed import Accepting
    from rehearsal.actions.registry import runners
    from rehearsal.emulator.cloudformation import own_types
    from rehearsal.emulator.cloudformation.accepted_types import AcceptedTypes
    from rehearsal.emulator.cloudformation.pipeline_resource import PipelineResource
    from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
    from rehearsal.emulator.codebuild.build_store import MinistackBuilds
    from rehearsal.emulator.codebuild.start_build import StartedBuilds
    from rehearsal.emulator.codepipeline.operations import CodePipelineApi
    from rehearsal.emulator.eventbridge.pipeline_targets import PipelineTargets
    from rehearsal.emulator.eventbridge.publisher import EventPublisher
    from rehearsal.emulator.eventbridge.source_events import SourceEvents
    from rehearsal.emulator.functions.ministack_worker import ManagedFunctions
    from rehearsal.emulator.functions.mounts import mount_error
    from rehearsal.emulator.functions.retired_runtimes import RetiredRuntimes
    from rehearsal.emulator.iam.decision_log import decisions
    from rehearsal.emulator.iam.service_sessions import Sessions
    from rehearsal.emulator.ministack import patches
    from rehearsal.emulator.server.asgi import RequestRouter
    from rehearsal.emulator.server.hidden_project import hide_project
    from rehearsal.emulator.server.housekeeping import Housekeeping
    from rehearsal.emulator.server.traffic import Traffic
    from rehearsal.engine.engine import Engine
    from rehearsal.engine.running.environment import Environment
    from rehearsal.engine.state.invoke_jobs import Jobs
    from rehearsal.project import configuration
    from rehearsal.workspace.acceptances import RESOURCES, AcceptedFile

    if not mount_error():
        hide_project(workspace)
    decisions.append_to(workspace.decisions)
    functions = ManagedFunctions(workspace, endpoint)
    jobs, builds, bus, sessions = Jobs(), MinistackBuilds(workspace.running), EventPublisher(), Sessions()
    record = ResourceRecord(workspace.running / RESOURCES)
    traffic = Traffic(workspace, record)
    queue = BuildQueue(partial(configuration.read_quota, workspace.root))
    actions = runners(
        remotes=Remotes(workspace.remote, workspace.sources),
        caches=workspace.caches,
        work=workspace.builds,
        jobs=jobs,
        builds=builds,
        queue=queue,
        clock=traffic.clock,
    )
    accepted = AcceptedFile(workspace)
    environment = Environment(
        endpoint=endpoint,
        assume=sessions.assume,
        runners=Accepting(actions, accepted.read),
        executions=workspace.executions,
        pipelines=workspace.pipelines,
        listener=Housekeeping(workspace, bus),
        asked=sessions.require,
    )
    engine = Engine(environment)
    api = CodePipelineApi(engine, jobs)
    targets, sources = PipelineTargets(api, sessions), SourceEvents(api, engine)
    started = StartedBuilds(endpoint, sessions.assume, builds, workspace, queue)
    originals = patches.apply(
        iam=endpoint.iam,
        owners=(functions, targets, sources, builds, started, RetiredRuntimes(accepted.read), *traffic.owners),
    )
    traffic.start()
    own_types.register(workspace, PipelineResource(engine, traffic.changes), record, actions)
    ends = (traffic.close, engine.close, started.close, bus.close, close_clients)
    front = RequestRouter(
        ministack,
        api,
        AcceptedTypes(accepted.read, record),
        iam=endpoint.iam,
        codedeploy=traffic.api,
        reports=builds.reports,
        workspace=workspace,
    )
    return Components(engine, front, ends, partial(patches.report_changes, originals))


def _endpoint(workspace: Workspace, listeners: Listeners, files: tls.Tls, proxy: str, *, iam: bool) -> Endpoint:
    """The address. With IAM it uses TLS, which policies may require, and a random secret for the root users."""
    secure, plain = listeners.ports
    if not iam:
        return Endpoint(f"http://127.0.0.1:{plain}", ca=files.bundle, proxy=proxy)
    os.environ |= {
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(files.certificate),
        "MINISTACK_SSL_KEY": str(files.key),
        **ca_bundle_variables(files.bundle),
    }
    return Endpoint(f"https://127.0.0.1:{secure}", iam, files.bundle, workspace.secret(), proxy)


def _configure_ministack(workspace: Workspace, endpoint: Endpoint) -> Path:
    """Set MiniStack's environment variables, which it reads when it is imported; return the folder of its state.

    A saved state is moved into use, so that after a kill the next start does not resume an incomplete one. A state of
    another address cannot be used, because the URLs of its queues contain the address, nor one of another version.
    """
    state = workspace.running
    shutil.rmtree(state, ignore_errors=True)
    problem = state_version.reason_not_to_resume(workspace, endpoint.url)
    if problem is None:
        workspace.saved.rename(state)
    else:
        if problem:
            print(f"the saved state of the embedded AWS is not used: {problem}", file=sys.stderr)
        shutil.rmtree(workspace.saved, ignore_errors=True)
        workspace.decisions.unlink(missing_ok=True)
    temporary = workspace.aws / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    remove_in_background(*workspace.builds.glob(f"{STARTED}*"))
    state.mkdir(exist_ok=True)
    state_version.describe(state, endpoint.url)
    os.environ |= {
        "AWS_SECRET_ACCESS_KEY": endpoint.secret,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": endpoint.url.rpartition(":")[2],
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_HOST": "127.0.0.1",
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "S3_PERSIST": "1",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(state),
        "TMPDIR": str(temporary),
    }
    return state


def _save_state(workspace: Workspace, state: Path) -> None:
    """Move the state to the saved one. Raises OSError where MiniStack could not save all of it: then none is kept."""
    from rehearsal.emulator.server.saved_state import UNSAVED

    if UNSAVED:
        raise OSError(f"the state of {', '.join(UNSAVED)} could not be saved, so none is kept")
    state.rename(workspace.saved)
    shutil.rmtree(workspace.aws / "tmp", ignore_errors=True)


def _ignore_client_disconnects(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Do not log clients that drop a TLS connection."""
    if "SSL shutdown timed out" not in str(context.get("exception")):
        loop.default_exception_handler(context)


def _wait_until_unused(workspace: Workspace, loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """End this process when no other process uses it.

    It then holds the use lock until its end, so that new users wait.
    """
    with usage_lock(workspace) as use:
        while not use.try_exclusive():
            time.sleep(UNUSED_SECONDS)
        server = workspace.server()
        if server and server.detached:
            return
        loop.call_soon_threadsafe(ended.set)
        threading.Event().wait()


def _end_without_workspace(workspace: Workspace) -> None:
    """Kill this process group when `.rehearsal` was removed, since no command can find the emulator any more."""
    born = workspace.home.stat().st_ino
    while _inode(workspace.home) == born:
        time.sleep(ORPHAN_CHECK_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _inode(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except OSError:
        return None


if __name__ == "__main__":
    main(*sys.argv[1:])
