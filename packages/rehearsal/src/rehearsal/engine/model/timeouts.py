"""How long an action may take.

Source: AWS CodePipeline user guide, "Quotas in AWS CodePipeline".
"""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.engine.model.definition import Action, ActionType

HOUR = 3600.0
DAY = 24 * HOUR
OTHERS = HOUR
APPROVAL = ActionType("Approval", "Manual")

DEFAULTS: Mapping[ActionType, float] = {
    APPROVAL: 7 * DAY,
    ActionType("Build", "CodeBuild"): 36 * HOUR,
    ActionType("Test", "CodeBuild"): 36 * HOUR,
    ActionType("Deploy", "CloudFormation"): 3 * DAY,
    ActionType("Deploy", "CodeDeploy"): 5 * DAY,
    ActionType("Deploy", "Lambda"): 2 * DAY + HOUR,  # its longest strategy, and its work
    ActionType("Deploy", "S3"): 1.5 * HOUR,
    ActionType("Invoke", "Lambda"): DAY,
}


def limit(action: Action, overrides: Mapping[ActionType, float]) -> float:
    """Seconds; `timeoutInMinutes` counts only for manual approvals and rules, as the API says."""
    configurable = action.type == APPROVAL or action.is_rule
    if configurable and action.timeout is not None:
        return action.timeout
    return overrides.get(action.type, DEFAULTS.get(action.type, OTHERS))


def format_duration(seconds: float) -> str:
    """A limit in words: days, hours, minutes or seconds, whichever is whole."""
    for unit, size in (("days", DAY), ("hours", HOUR), ("minutes", 60.0)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} seconds"
