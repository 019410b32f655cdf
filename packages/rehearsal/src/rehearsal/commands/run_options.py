"""The options of `run`, and which of them each mode allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from click.core import ParameterSource

from rehearsal.commands.approval_answers import Verdict
from rehearsal.project.cdk_app import App

# The modes in which nothing is pushed, with their options. FULL_RUN_OPTIONS: without any of them.
MODES: Mapping[str, frozenset[str]] = {
    "listing": frozenset({"app", "pipeline", "json_file", "port"}),
    "graph": frozenset({"app", "pipeline", "port"}),
    "dry_run": frozenset({"json_file", "port"}),
    "first": frozenset({"until", "execution", "approve", "reject", "json_file", "port"}),
    "only": frozenset({"execution", "approve", "reject", "json_file", "port"}),
}
FULL_RUN_OPTIONS = frozenset(
    {"until", "approve", "reject", "names", "app", "pipeline", "json_file", "port", "iam", "image", "clock"}
)


@dataclass(frozen=True)
class RunOptions:
    """The options of `run`. first: the stage of --from. names: of --accept. execution: the beginning of its id."""

    verdict: Verdict | None
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
    image: str | None
    clock: str | None

    @property
    def cdk_app(self) -> App:
        return App.from_options(self.app, self.pipeline)


def check_options(context: click.Context) -> None:
    """Raise UsageError where the user typed two modes, or an option that has no effect in the mode."""
    typed = {
        param.name: max(param.opts, key=len)
        for param in context.command.params
        if param.name and context.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    }
    modes = [name for name in MODES if name in typed]
    if len(modes) > 1:
        raise click.UsageError("one of --list, --graph, --dry-run, --from and --only at a time")
    idle = [
        option
        for name, option in typed.items()
        if name not in {*modes, *(MODES[modes[0]] if modes else FULL_RUN_OPTIONS)}
    ]
    if idle:
        where = f"with {typed[modes[0]]}" if modes else "without --from or --only"
        raise click.UsageError(f"{', '.join(sorted(idle))} has no effect {where}: leave it out")
