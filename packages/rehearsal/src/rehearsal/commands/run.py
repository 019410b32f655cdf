"""`run`: rehearse the pipeline from the working tree to prod, or a part of it, or only show it."""

from __future__ import annotations

from typing import Any

import click

from rehearsal.commands import run_dry, run_partial
from rehearsal.commands.completion_types import ACTION, EXECUTION, STAGE
from rehearsal.commands.context import with_workspace
from rehearsal.commands.follow_to_end import verdict_options
from rehearsal.commands.image_option import IMAGE
from rehearsal.commands.options import ACCEPT, APP, CLOCK, IAM, PIPELINE, PORT
from rehearsal.commands.output import JSON_FILE
from rehearsal.commands.run_action import run_action
from rehearsal.commands.run_full import run_full
from rehearsal.commands.run_list import GRAPHS, load_pipeline, show_graph, show_list
from rehearsal.commands.run_options import RunOptions, check_options
from rehearsal.workspace.layout import Workspace


@click.command()
@verdict_options
@click.option(
    "--list",
    "listing",
    is_flag=True,
    help="List the actions, as deployed or as --app has them; run nothing.",
)
@click.option(
    "--graph",
    metavar="[text|mermaid|svg]",
    type=click.Choice(sorted(GRAPHS)),
    is_flag=False,
    flag_value="text",
    help="Draw the pipeline, as deployed or as --app has it; run nothing.",
)
@click.option("--until", metavar="STAGE", type=STAGE, help="Stop when this stage has succeeded.")
@click.option("--from", "first", metavar="STAGE", type=STAGE, help="Push nothing: begin here, with old artifacts.")
@click.option("--only", metavar="ACTION", type=ACTION, help="Push nothing: run only this action, with old artifacts.")
@click.option("--execution", metavar="ID", type=EXECUTION, help="With --from and --only: whose artifacts.")
@click.option("--dry-run", is_flag=True, help="Show what would be pushed and run; run nothing.")
@ACCEPT
@APP
@PIPELINE
@JSON_FILE
@PORT
@IAM
@IMAGE
@CLOCK
@with_workspace
def run(space: Workspace, /, **typed: Any) -> int:
    """Push the working tree, follow the pipeline through every stage, call the deployed functions.

    Exit 0 if the execution succeeded and every function answered, else 1.
    """
    check_options(click.get_current_context())
    options = RunOptions(**typed)
    if options.only:
        return run_action(space, options)
    if options.first:
        return run_partial.run_stages(space, options)
    if options.listing:
        show_list(load_pipeline(space, options.port, options.cdk_app), options.json_file)
    elif options.graph:
        show_graph(load_pipeline(space, options.port, options.cdk_app), options.graph)
    elif options.dry_run:
        run_dry.show(space, options.port, options.json_file)
    else:
        return run_full(space, options)
    return 0
