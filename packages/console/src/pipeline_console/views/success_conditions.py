"""The conditions that a release has to meet after its deployment: success conditions of the stages behind an approval.

Source: AWS CodePipeline user guide, "How do stage conditions work?" and "CloudWatchAlarm".
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        PipelineDeclarationOutputTypeDef,
        RuleDeclarationOutputTypeDef,
        StageDeclarationOutputTypeDef,
    )


def success_conditions(definition: PipelineDeclarationOutputTypeDef, approval_stage: str) -> list[str]:
    """Return a line for each rule of the stages that the approval releases: those before the next approval."""
    stages = definition["stages"]
    names = [stage["name"] for stage in stages]
    at = names.index(approval_stage)
    released = [stages[at], *takewhile(lambda stage: not _has_approval(stage), stages[at + 1 :])]
    return [line for stage in released for line in _rules(stage)]


def _has_approval(stage: StageDeclarationOutputTypeDef) -> bool:
    return any(action["actionTypeId"]["category"] == "Approval" for action in stage["actions"])


def _rules(stage: StageDeclarationOutputTypeDef) -> Iterator[str]:
    for condition in stage.get("onSuccess", {}).get("conditions", ()):
        result = {"ROLLBACK": "is rolled back", "FAIL": "fails"}.get(condition.get("result", ""), "does not succeed")
        for rule in condition.get("rules", ()):
            yield f"{stage['name']} {result} {_when(rule)}"


def _when(rule: RuleDeclarationOutputTypeDef) -> str:
    configuration = rule.get("configuration", {})
    if rule["ruleTypeId"]["provider"] == "CloudWatchAlarm":
        minutes = configuration.get("WaitTime", "")
        wait = f" within {minutes} min" if minutes else ""
        return f"where alarm {configuration.get('AlarmName', '')} is in ALARM{wait} after its actions"
    return f"where rule {rule['name']} ({rule['ruleTypeId']['provider']}) says so"
