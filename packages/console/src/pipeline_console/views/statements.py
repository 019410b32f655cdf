"""The policy statement that a denial lacks."""

from __future__ import annotations

import json

from pipeline_console.cause.find_cause import missing_statement
from pipeline_console.views.decision import Decision


def statement(decision: Decision) -> str:
    """Return the missing statement as JSON: the one that the denial names, else the one of its action and resource."""
    default = {"Effect": "Allow", "Action": decision.action, "Resource": decision.resource}
    return json.dumps(missing_statement([decision.why]) or default, indent=2)
