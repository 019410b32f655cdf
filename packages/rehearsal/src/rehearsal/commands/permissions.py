"""`permissions`: list the used, unused and denied permissions of each role."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from rehearsal.aws import Endpoint, root
from rehearsal.commands.context import with_workspace
from rehearsal.commands.output import JSON_FILE, STDOUT, put_json
from rehearsal.emulator.iam import decision_log
from rehearsal.emulator.server import launcher
from rehearsal.errors import WrongUse
from rehearsal.views import role_usage
from rehearsal.views.role_usage import Report
from rehearsal.workspace.layout import Workspace


@click.command()
@click.argument("role", required=False)
@JSON_FILE
@with_workspace
def permissions(space: Workspace, role: str | None, json_file: Path | None) -> None:
    """List for each role what it was allowed and used, was allowed and never used, and was denied.

    ROLE is a part of the names of the roles to list. Counted are all runs since the embedded AWS was started afresh.
    """
    decisions = list(decision_log.read(space.decisions))
    if not decisions:
        raise WrongUse("no policy was evaluated yet: `rehearse run` first, without --no-iam")
    with launcher.join_or_resume(space) as endpoint:
        reports = select_reports(_reports(endpoint, decisions), role)
    if json_file:
        put_json(json_file, [report.as_json() for report in reports])
    if json_file != STDOUT:
        for report in reports:
            _show(report)


def select_reports(reports: Sequence[Report], part: str | None) -> list[Report]:
    """Return the reports of roles with `part` in their names; None: all. Raises WrongUse where none matches."""
    selected = [report for report in reports if part is None or part in report.role]
    if not selected:
        known = ", ".join(report.role.rpartition("/")[2] for report in reports)
        raise WrongUse(f"no role has {part} in its name; there are {known}")
    return selected


def _reports(endpoint: Endpoint, decisions: list[decision_log.Decision]) -> list[Report]:
    reports = []
    for account in sorted({decision.principal.split(":")[4] for decision in decisions}):
        iam = endpoint.client("iam", root(account), "us-east-1")
        reports += [role_usage.report(role, role_usage.grants(iam, role), decisions) for role in role_usage.roles(iam)]
    return reports


def _show(report: Report) -> None:
    click.secho(report.role, bold=True)
    if report.used:
        click.echo(f"  used: {', '.join(report.used)}")
    for (policy, resources), actions in report.unused_by_resource().items():
        click.echo(f"  never used: {', '.join(actions)} on {', '.join(resources)} ({policy})")
    for decision in report.denied:
        click.secho(f"  denied: {decision.action} on {decision.resource}: {decision.why}", fg="red")
