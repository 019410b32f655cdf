"""Lambda runtimes in the phase "block function create": AWS creates no functions of them, but still updates them.

Source: AWS Lambda developer guide, "Lambda runtimes" (Runtime deprecation policy); the dates are cfn-lint's.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

from rehearsal.emulator.iam.cfnlint_data import creation_blocked_since
from rehearsal.json_values import member
from rehearsal.project.cloud_assembly import Assembly

_FUNCTION = "AWS::Lambda::Function"


def report_retired_runtimes(assembly: Assembly, tell: Callable[[str], None], today: dt.date) -> None:
    """Report functions that AWS refuses to create, before a stack fails because of one."""
    for runtime in sorted(_runtimes(assembly)):
        if blocked := creation_blocked_since(runtime, today):
            tell(
                f"warning: functions of {runtime}: AWS has created none since {blocked}, and only updates those that"
                f" exist; a new stack with one is red here as well, unless `--accept {runtime}` goes on"
            )


def _runtimes(assembly: Assembly) -> set[str]:
    runtimes = set()
    for stack in assembly.stacks:
        for _, template in stack.templates():
            for resource in template.get("Resources", {}).values():
                runtime = member(resource, "Properties", "Runtime") if resource["Type"] == _FUNCTION else None
                runtimes.add(runtime if isinstance(runtime, str) else json.dumps(runtime))
    return runtimes
