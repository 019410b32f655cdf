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
    """Return the time limit of an action in seconds.

    `timeoutInMinutes` is used for manual approvals and rules only. Source: AWS CodePipeline API reference,
    "ActionDeclaration".
    """
    configurable = action.type == APPROVAL or action.is_rule
    if configurable and action.timeout is not None:
        return action.timeout
    return overrides.get(action.type, DEFAULTS.get(action.type, OTHERS))


def format_duration(seconds: float) -> str:
    """Format a limit in the largest unit that divides it: days, hours, minutes or seconds."""
    for unit, size in (("days", DAY), ("hours", HOUR), ("minutes", 60.0)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} seconds"
