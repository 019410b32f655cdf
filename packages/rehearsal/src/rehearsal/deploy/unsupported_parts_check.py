"""Check after the first synthesis for parts of an app that cannot be rehearsed; the message suggests `--accept`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rehearsal.deploy.bootstrap import ReportProgress
from rehearsal.errors import WrongUse
from rehearsal.project.assembly_manifest import all_stacks
from rehearsal.project.cloud_assembly import Assembly
from rehearsal.project.unsupported_parts import unsupported_parts
from rehearsal.workspace.acceptances import Accepted, accept_options, continue_hint
from rehearsal.workspace.supported import Supported


def check_parts(assembly: Assembly, supported: Supported, accepted: Accepted) -> None:
    """Raise WrongUse, which names every resource type and provider that is neither supported nor accepted."""
    unsupported = unsupported_parts(assembly.stacks, [assembly.pipeline], supported, accepted)
    if not unsupported:
        return
    lines = [f"  {name}: {_shortened(users)}" for name, users in unsupported.items()]
    options, names = accept_options(unsupported), json.dumps([*unsupported])
    raise WrongUse(
        "\n".join(["the app has parts that cannot be rehearsed:", *lines])
        + f"\n`run {options}` continues, and these parts have no effect;"
        + f" for every run, set in rehearsal.toml: accept = {names}"
    )


def report_other_stacks(assembly: Assembly, supported: Supported, accepted: Accepted, tell: ReportProgress) -> None:
    """Report unsupported types of the app's other stacks, which a build may deploy."""
    deployed = {stack.template for stack in assembly.stacks}
    others = [stack for stack in all_stacks(assembly.folder) if stack.template not in deployed]
    if unsupported := unsupported_parts(others, (), supported, accepted):
        tell(
            f"stacks that no action deploys have {', '.join(unsupported)}: where a build deploys them,"
            f" {continue_hint(unsupported)}"
        )


def _shortened(names: Sequence[str], most: int = 3) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
