"""`shell`: open a shell in the folder and environment of a build."""

from __future__ import annotations

from pathlib import Path

import click

from rehearsal.actions.recreate_build import EndedBuild, recreate_build
from rehearsal.commands.completion_types import ACTION, EXECUTION_OPTION
from rehearsal.commands.context import open_deployment, resolve_execution, with_workspace
from rehearsal.commands.logs import find_action
from rehearsal.deploy.deployment import Deployment
from rehearsal.errors import WrongUse
from rehearsal.host.foreground_command import INTERRUPTED, run_in_foreground
from rehearsal.project.remotes import Remotes
from rehearsal.views.execution_view import load_execution_view
from rehearsal.workspace import shared_caches
from rehearsal.workspace.build_image import BuildImageFile
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.locks import scratch_folder


@click.command()
@click.argument("action", type=ACTION)
@EXECUTION_OPTION
@click.option("-c", "--command", metavar="COMMAND", help="Run this command instead of a shell to type in.")
@with_workspace
def shell(space: Workspace, action: str, execution_id: str | None, command: str | None) -> int:
    """Open a shell in the folder, environment and role of the build ACTION; exit 1 where COMMAND fails.

    The folder is the one that a failed build has left; for any other build it is recreated from the input artifacts.
    Where the last `run` or `up` has builds run in an image (--image, or rehearsal.toml), the shell is in the image too.
    """
    with open_deployment(space) as deployed:
        return _shell(space, deployed, resolve_execution(space, execution_id), action, command)


def _shell(space: Workspace, deployed: Deployment, which: str, action: str, command: str | None) -> int:
    view = load_execution_view(space, which)
    stage, name = find_action(view, action)
    listed = deployed.api().list_action_executions(
        pipelineName=deployed.key.name, filter={"pipelineExecutionId": which}
    )["actionExecutionDetails"]
    details = [id_ for id_ in listed if (id_["stageName"], id_["actionName"]) == (stage, name)]
    if not details or view.action(stage, name).provider.partition("/")[2] != "CodeBuild":
        raise WrongUse(f"{stage}/{name} is not a build that ran in execution {which}: only a build has a shell")
    action_folder = Path(view.action(stage, name).log).parent
    ended = EndedBuild(deployed.endpoint, deployed.key, details[0], action_folder)
    shared_caches.keep_until_exit(space.shared_caches)
    with scratch_folder(space, "shell") as folder:
        remotes, image = Remotes(space.remote, space.sources), BuildImageFile(space).read()
        rebuilt = recreate_build(ended, folder, caches=space.caches, remotes=remotes, image=image)
        state = "as it was left" if rebuilt.is_original else "made again"
        click.echo(f"{stage}/{name}: {state} in {rebuilt.place}", err=True)
        code = run_in_foreground(rebuilt.shell(command))
    if command and code == INTERRUPTED:
        raise KeyboardInterrupt
    return 1 if command and code else 0
