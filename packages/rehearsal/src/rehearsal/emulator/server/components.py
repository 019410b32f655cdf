"""The parts of the emulator's process: MiniStack with its corrections, the engine, and the front end of all APIs.

Import this module after MiniStack's application, which has to be imported before its services.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from rehearsal.actions.action_builds import BuildServices
from rehearsal.actions.not_executed import Accepting
from rehearsal.actions.registry import runners
from rehearsal.aws import Endpoint, close_clients
from rehearsal.codebuild.build_queue import BuildQueue
from rehearsal.emulator.cloudformation import own_types
from rehearsal.emulator.cloudformation.accepted_types import AcceptedTypes
from rehearsal.emulator.cloudformation.pipeline_resource import PipelineResource
from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.emulator.cloudformation.unsupported_types import UnsupportedTypes
from rehearsal.emulator.codebuild.build_runner import BuildRunner
from rehearsal.emulator.codebuild.build_store import MinistackBuilds
from rehearsal.emulator.codebuild.start_batch import StartedBatches
from rehearsal.emulator.codebuild.start_build import StartedBuilds
from rehearsal.emulator.codebuild.started_requests import STARTED_FOLDER, StartedRequests
from rehearsal.emulator.codepipeline.operations import CodePipelineApi
from rehearsal.emulator.eventbridge.pipeline_targets import PipelineTargets
from rehearsal.emulator.eventbridge.publisher import publish
from rehearsal.emulator.eventbridge.source_events import SourceEvents
from rehearsal.emulator.functions.ministack_worker import ManagedFunctions
from rehearsal.emulator.functions.mounts import mount_error
from rehearsal.emulator.functions.retired_runtimes import RetiredRuntimes
from rehearsal.emulator.iam.decision_log import decisions
from rehearsal.emulator.iam.service_sessions import Sessions
from rehearsal.emulator.ministack import patches
from rehearsal.emulator.ministack.port.application import Application
from rehearsal.emulator.server import json_services
from rehearsal.emulator.server.asgi import RequestRouter
from rehearsal.emulator.server.clocked_services import ClockedServices
from rehearsal.emulator.server.hidden_project import hide_project
from rehearsal.emulator.server.housekeeping import Housekeeping
from rehearsal.emulator.server.rehearsal_api import RehearsalApi
from rehearsal.emulator.server.saved_state import UNSAVED
from rehearsal.engine.engine import Engine
from rehearsal.engine.running.environment import Environment
from rehearsal.engine.state.invoke_jobs import Jobs
from rehearsal.project import configuration
from rehearsal.project.remotes import Remotes
from rehearsal.workspace.acceptances import AcceptedFile
from rehearsal.workspace.build_image import BuildImageFile
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.resource_notes import RESOURCES
from rehearsal.workspace.supported import read_supported


@dataclass(frozen=True)
class Components:
    """The parts of the process.

    front: the ASGI application. ends: called in this order to end running work. unsaved: the services whose state could
    not be saved. report_changes: a check of MiniStack's sources that runs after the start.
    """

    engine: Engine
    front: Application
    ends: Sequence[Callable[[], None]]
    unsaved: Sequence[str]
    report_changes: Callable[[], None]


def assemble(ministack: Application, workspace: Workspace, endpoint: Endpoint) -> Components:
    """Apply the corrections to MiniStack, and connect all parts."""
    if not mount_error():
        hide_project(workspace)
    decisions.append_to(workspace.decisions)
    functions, accepted, sessions = ManagedFunctions(workspace, endpoint), AcceptedFile(workspace), Sessions()
    jobs, builds = Jobs(), MinistackBuilds(workspace.running)
    record = ResourceRecord(workspace.running / RESOURCES)
    clocked = ClockedServices(workspace, record)
    queue = BuildQueue(partial(configuration.read_quota, workspace.root))
    remotes, image = Remotes(workspace.remote, workspace.sources), BuildImageFile(workspace).read
    services = BuildServices(workspace.caches, builds, remotes, workspace.builds, queue, image)
    actions = runners(services, jobs, clocked.clock)
    engine = _engine(workspace, endpoint, sessions, Accepting(actions, accepted.read))
    api = CodePipelineApi(engine, jobs)
    runner = BuildRunner(endpoint, sessions.assume, sessions.require, builds, workspace, queue)
    requests = StartedRequests(workspace.running / STARTED_FOLDER)
    started, batches = StartedBuilds(runner, requests), StartedBatches(runner, builds.batches, requests)
    events = (PipelineTargets(api, sessions), SourceEvents(api, engine))
    refusals = (
        RetiredRuntimes(accepted.read),
        UnsupportedTypes(workspace.builds, partial(read_supported, workspace), accepted.read),
    )
    owners = (functions, *events, builds, started, *refusals, *clocked.owners)
    originals = patches.apply(iam=endpoint.iam, owners=owners)
    clocked.start()
    own_types.register(workspace, PipelineResource(engine, clocked.changes), record, actions)
    json_apis = {
        **json_services.codepipeline(api),
        **json_services.codedeploy(clocked.api),
        **json_services.codebuild_reports(builds.reports),
        **json_services.codebuild_builds(started, batches, builds.batches),
        **json_services.rehearsal(RehearsalApi(workspace)),
    }
    front = RequestRouter(ministack, AcceptedTypes(accepted.read, record), json_apis, iam=endpoint.iam)
    ends = (clocked.close, engine.close, batches.close, started.close, close_clients)
    return Components(engine, front, ends, UNSAVED, partial(patches.report_other_version, originals))


def _engine(workspace: Workspace, endpoint: Endpoint, sessions: Sessions, actions: Accepting) -> Engine:
    return Engine(
        Environment(
            endpoint=endpoint,
            assume=sessions.assume,
            runners=actions,
            executions=workspace.executions,
            pipelines=workspace.pipelines,
            listener=Housekeeping(workspace, publish),
            check_permission=sessions.require,
        )
    )
