"""Which runner does the work of which type of action or rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rehearsal.actions import sources
from rehearsal.actions.approval import AwaitApproval
from rehearsal.actions.cloudformation import DeployStack
from rehearsal.actions.codebuild import RunBuild
from rehearsal.actions.commands import RunCommands
from rehearsal.actions.function import InvokeFunction
from rehearsal.actions.rules import CheckVariable, WatchAlarm
from rehearsal.actions.s3 import DeployFiles, FetchObject
from rehearsal.codebuild.record import BuildStore
from rehearsal.engine.approvals import Approvals
from rehearsal.engine.definition import ActionType
from rehearsal.engine.jobs import Jobs
from rehearsal.engine.task import ActionRunner


def runners(
    *, remote: Path, caches: Path, approvals: Approvals, jobs: Jobs, builds: BuildStore
) -> Mapping[ActionType, ActionRunner]:
    """remote: the bare repository behind every git source; caches: kept between builds; builds: as the API has them."""
    build, function = RunBuild(caches, builds, remote), InvokeFunction(jobs)
    return {
        ActionType("Source", "CodeStarSourceConnection"): sources.connection(remote),
        ActionType("Source", "CodeCommit"): sources.codecommit(remote),
        ActionType("Source", "GitHub"): sources.github(remote),
        ActionType("Source", "S3"): FetchObject(),
        ActionType("Build", "CodeBuild"): build,
        ActionType("Test", "CodeBuild"): build,
        ActionType("Approval", "Manual"): AwaitApproval(approvals),
        ActionType("Deploy", "CloudFormation"): DeployStack(),
        ActionType("Deploy", "S3"): DeployFiles(),
        ActionType("Invoke", "Lambda"): function,
        ActionType("Rule", "CloudWatchAlarm"): WatchAlarm(),
        ActionType("Rule", "CodeBuild"): build,
        ActionType("Rule", "Commands"): RunCommands(caches, remote),
        ActionType("Rule", "LambdaInvoke"): function,
        ActionType("Rule", "VariableCheck"): CheckVariable(),
    }
