"""Lambda runtimes in the phase "block function create": AWS creates no functions of them, but still updates them.

Source: AWS Lambda developer guide, "Lambda runtimes" (Runtime deprecation policy); the dates are cfn-lint's.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

from rehearsal.emulator.iam.cfnlint_data import runtime_lifecycle
from rehearsal.json_values import member
from rehearsal.project.cloud_assembly import Assembly

_FUNCTION = "AWS::Lambda::Function"


def report_retired_runtimes(cloud: Assembly, tell: Callable[[str], None], today: dt.date) -> None:
    """Report functions that AWS refuses to create. They run here, because an account may have older ones."""
    dates = runtime_lifecycle()
    for runtime in sorted(_runtimes(cloud)):
        blocked = dates.get(runtime, {}).get("create-block", "")
        if blocked and blocked <= today.isoformat():
            tell(
                f"warning: functions of {runtime}: AWS has created none since {blocked}, and only updates those that"
                " exist; a new stack with one is red there"
            )


def _runtimes(cloud: Assembly) -> set[str]:
    found = set()
    for stack in cloud.stacks:
        for _, template in stack.templates():
            for resource in template.get("Resources", {}).values():
                runtime = member(resource, "Properties", "Runtime") if resource["Type"] == _FUNCTION else None
                found.add(runtime if isinstance(runtime, str) else json.dumps(runtime))
    return found
