"""`up` and `down`: start the embedded AWS and leave it running, and end it."""

from __future__ import annotations

from dataclasses import asdict

import click

from rehearsal import program_name
from rehearsal.commands.console import become_console, find_program
from rehearsal.commands.context import with_workspace
from rehearsal.commands.image_option import IMAGE, set_build_image
from rehearsal.commands.options import ACCEPT, APP, IAM, PIPELINE, PORT
from rehearsal.commands.output import AS_JSON, print_json
from rehearsal.deploy.first_deployment import Operator
from rehearsal.emulator.server import launcher
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.checked_command import CommandFailed
from rehearsal.project import configuration, push_remote
from rehearsal.project.cdk_app import App
from rehearsal.project.git_repository import Repository
from rehearsal.project.source_trees import own_repositories
from rehearsal.views.terminal import terminal
from rehearsal.workspace import prepared_folders, retention
from rehearsal.workspace.acceptances import AcceptedFile
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.locks import exclusive_run


@click.command()
@ACCEPT
@APP
@PIPELINE
@PORT
@IAM
@IMAGE
@AS_JSON
@click.option(
    "--console", "and_console", is_flag=True, help="Serve the web console afterwards, until it is interrupted."
)
@with_workspace
def up(
    space: Workspace,
    port: int | None,
    *,
    names: tuple[str, ...],
    app: str | None,
    pipeline: str | None,
    iam: bool | None,
    image: str | None,
    as_json: bool,
    and_console: bool,
) -> None:
    """Start the embedded AWS, with the pipeline deployed, and leave it running.

    The repository gets a remote, so that `git push rehearsal main` starts the pipeline.
    """
    if and_console:
        find_program()
    with exclusive_run(space):
        config = configuration.read_config(space.root)
        AcceptedFile(space).add([*config.accept, *names])
        space.make()
        set_build_image(space, config, image)
        prepared_folders.link(space.caches, config.codebuild.prepared)
        _up(space, App.from_options(app, pipeline), port, iam=iam, as_json=as_json)
    if and_console:
        become_console(space, [])


def _up(space: Workspace, cdk_app: App, port: int | None, *, iam: bool | None, as_json: bool) -> None:
    console = terminal(stderr=as_json)
    repository = Repository(space.root, space.home)
    limit = int(configuration.read_config(space.root).disk_gigabytes * 10**9)
    for message in retention.enforce_disk_limit(space, limit):
        console.print(message, style="dim", soft_wrap=True)
    with launcher.join_or_start(space, port, iam=iam) as endpoint:
        try:
            operator = Operator(
                space, endpoint, repository, cdk_app, lambda text: console.print(text, style="dim"), Cancellation()
            )
            deployed = operator.ensure_deployed(lambda: repository.head)
        except CommandFailed as error:
            launcher.detach(space)
            raise CommandFailed(f"{error}\n{_how_to_inspect()}") from error
        server = launcher.detach(space)
    console.print(
        f"{deployed.key.name} is deployed; {server.endpoint} answers until `{program_name.command_name()} down`"
    )
    refusal = push_remote.add(space, own_repositories(space.root, configuration.read_config(space.root).sources))
    console.print(refusal or f"`git push {push_remote.NAME} {deployed.branch()}` starts it", soft_wrap=True)
    if as_json:
        print_json(
            {**asdict(deployed.key), "endpoint": server.endpoint, "remote": None if refusal else push_remote.NAME}
        )


def _how_to_inspect() -> str:
    name = program_name.command_name()
    return (
        "the embedded AWS goes on, so that its stacks and logs can be read: `aws logs tail /aws/lambda/NAME` and others"
        f" work with what `{name} env pipeline` prints; `{name} down` ends it"
    )


@click.command()
@AS_JSON
@with_workspace
def down(space: Workspace, *, as_json: bool) -> None:
    """End the embedded AWS that `up` started, take the remote `rehearsal` away; the state is kept."""
    push_remote.remove(space, own_repositories(space.root, configuration.read_config(space.root).sources))
    ended = launcher.down(space)
    if as_json:
        print_json({"ended": ended})
    else:
        click.echo("the embedded AWS has ended; its state is kept" if ended else "no embedded AWS was running")
