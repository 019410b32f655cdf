"""The options of `run`: one of its modes, with the options that apply to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from click.core import ParameterSource

from rehearsal.project.cdk_app import App

# Each way in which nothing is pushed, and the options that it takes; without one of them, what a whole run takes.
MODES: Mapping[str, frozenset[str]] = {
    "listing": frozenset({"app", "pipeline", "json_file", "port"}),
    "graph": frozenset({"app", "pipeline", "port"}),
    "dry_run": frozenset({"json_file", "port"}),
    "first": frozenset({"until", "execution", "approve", "reject", "json_file", "port"}),
    "only": frozenset({"execution", "approve", "reject", "json_file", "port"}),
}
FULL_RUN_OPTIONS = frozenset(
    {"until", "approve", "reject", "names", "app", "pipeline", "json_file", "port", "iam", "clock"}
)


@dataclass(frozen=True)
class RunOptions:
    """The options of `run`. first: the stage of --from; names: those of --accept; execution: how its id begins."""

    verdict: str | None
    listing: bool
    graph: str | None
    until: str | None
    first: str | None
    only: str | None
    execution: str | None
    dry_run: bool
    names: tuple[str, ...]
    app: str | None
    pipeline: str | None
    json_file: Path | None
    port: int | None
    iam: bool | None
    clock: str | None

    @property
    def cdk_app(self) -> App:
        return App.from_options(self.app, self.pipeline)


def check_options(context: click.Context) -> None:
    """Raise UsageError where two ways were typed, or an option that has no effect in the one that was."""
    typed = {
        each.name: max(each.opts, key=len)
        for each in context.command.params
        if each.name and context.get_parameter_source(each.name) is ParameterSource.COMMANDLINE
    }
    ways = [name for name in MODES if name in typed]
    if len(ways) > 1:
        raise click.UsageError("one of --list, --graph, --dry-run, --from and --only at a time")
    idle = [
        option for name, option in typed.items() if name not in {*ways, *(MODES[ways[0]] if ways else FULL_RUN_OPTIONS)}
    ]
    if idle:
        where = f"with {typed[ways[0]]}" if ways else "without --from or --only"
        raise click.UsageError(f"{', '.join(sorted(idle))} has no effect {where}: leave it out")
