"""`clock`: the scale of AWS's waiting times in a rehearsal, and its date."""

from __future__ import annotations

import click

from rehearsal.commands.context import with_workspace
from rehearsal.commands.output import AS_JSON, print_json
from rehearsal.workspace.clock import Clock, parse_jump, parse_scale
from rehearsal.workspace.layout import Workspace


@click.command()
@click.argument("setting", required=False)
@AS_JSON
@with_workspace
def clock(space: Workspace, setting: str | None, *, as_json: bool) -> None:
    """Show the clock; `60x` sets its pace, `+90d` lets dates be 90 days later.

    The pace applies to what AWS waits for by itself: traffic shifts, the periods of alarms. The date applies to what
    expires. Builds, functions and times in logs keep the machine's time.
    """
    now = Clock(space.clock)
    if setting:
        space.make()
        if setting.startswith("+"):
            now.advance(parse_jump(setting))
        else:
            now.set_scale(parse_scale(setting))
    if as_json:
        print_json({"scale": now.setting.scale, "later_seconds": _later(now)})
    else:
        click.echo(describe(now))


def describe(now: Clock) -> str:
    """Return the clock's setting in words."""
    days = _later(now) / 86400
    date = f"; dates are {days:g} days later than today" if days else ""
    return f"AWS's waiting passes {now.setting.scale:g} times as fast{date}"


def _later(now: Clock) -> float:
    """The seconds by which the clock's date is ahead of the machine's."""
    return sum(seconds for _, seconds in now.setting.jumps)
