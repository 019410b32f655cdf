"""`clean`: free disk space."""

from __future__ import annotations

import click

from rehearsal.commands.context import with_workspace
from rehearsal.commands.output import AS_JSON, print_json
from rehearsal.errors import WrongUse
from rehearsal.workspace import retention
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.locks import exclusive_run


@click.command()
@click.option("--all", "everything", is_flag=True, help="Remove all of .rehearsal/: the next run starts afresh.")
@click.option(
    "--keep",
    type=click.IntRange(1),
    default=retention.KEPT_EXECUTIONS,
    show_default=True,
    help="How many executions to keep, the latest ones.",
)
@click.option(
    "--shared-caches", is_flag=True, help="Remove what builds of all projects have downloaded, and that only."
)
@AS_JSON
@with_workspace
def clean(space: Workspace, keep: int, *, everything: bool, shared_caches: bool, as_json: bool) -> None:
    """Remove old executions, with their logs and artifacts, and files that are quick to create.

    What has not ended stays, as does what a stage is in or can be rolled back to, what builds have downloaded, and the
    embedded AWS's state; --all removes everything of this project.
    """
    if shared_caches:
        freed, message = _remove_shared_caches(space)
    else:
        freed, message = _remove_executions(space, keep, everything=everything)
    if as_json:
        print_json({"freed_bytes": freed, "bytes": retention.workspace_usage(space)})
    else:
        click.echo(message)


def _remove_shared_caches(space: Workspace) -> tuple[int, str]:
    space.make()
    freed = retention.remove_shared_caches(space.shared_caches)
    return freed, f"freed {retention.format_bytes(freed)} in {space.shared_caches}"


def _remove_executions(space: Workspace, keep: int, *, everything: bool) -> tuple[int, str]:
    """Remove executions, or everything; return the bytes that became free, and a message. Raises WrongUse."""
    if not space.home.exists():
        return 0, "there is no .rehearsal/"
    if everything:
        if space.server():
            raise WrongUse("the embedded AWS is running: `rehearse down` first")
        with exclusive_run(space):
            freed = retention.remove_all(space)
        return freed, f"removed .rehearsal/: {retention.format_bytes(freed)}"
    freed = retention.clean(space, keep)
    usage = retention.format_bytes(retention.workspace_usage(space))
    return freed, f"freed {retention.format_bytes(freed)}; .rehearsal/ takes {usage} now"
