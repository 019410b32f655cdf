"""`clean`: give disk back."""

from __future__ import annotations

import shutil

import click

from rehearsal import disk
from rehearsal.commands.project import in_project
from rehearsal.errors import WrongUse
from rehearsal.locks import alone
from rehearsal.workspace import Workspace


@click.command()
@click.option("--all", "everything", is_flag=True, help="Remove all of .rehearsal/: the next run starts afresh.")
@click.option(
    "--keep",
    type=click.IntRange(1),
    default=disk.KEPT_EXECUTIONS,
    show_default=True,
    help="How many executions to keep, the latest ones.",
)
@in_project
def clean(space: Workspace, keep: int, *, everything: bool) -> None:
    """Remove old executions, with their logs and artifacts, and what can be made again at once.

    What has not ended stays, as does what a stage is in or can be rolled back to, what builds have downloaded, and the
    embedded AWS's state; --all removes everything.
    """
    if not space.home.exists():
        click.echo("there is no .rehearsal/")
    elif everything:
        if space.server():
            raise WrongUse("the embedded AWS is running: `python -m rehearsal down` first")
        with alone(space):
            freed = disk.size(space.home)
            shutil.rmtree(space.home)
        click.echo(f"removed .rehearsal/: {disk.told(freed)}")
    else:
        freed = disk.clean(space, keep)
        click.echo(f"freed {disk.told(freed)}; .rehearsal/ takes {disk.told(disk.size(space.home))} now")
