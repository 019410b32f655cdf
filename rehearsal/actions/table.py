"""Which runner does the work of which action type."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rehearsal.actions.approval import AwaitApproval
from rehearsal.actions.cloudformation import DeployStack
from rehearsal.actions.codebuild import RunBuild
from rehearsal.actions.connection import FetchRevision
from rehearsal.codebuild.record import Builds
from rehearsal.engine.approvals import Approvals
from rehearsal.engine.definition import ActionType
from rehearsal.engine.task import ActionRunner


def runners(*, remote: Path, caches: Path, approvals: Approvals, builds: Builds) -> Mapping[ActionType, ActionRunner]:
    """remote: the bare repository behind every connection; caches: kept between builds; builds: as the API has them."""
    return {
        ActionType("Source", "CodeStarSourceConnection"): FetchRevision(remote),
        ActionType("Build", "CodeBuild"): RunBuild(caches, builds),
        ActionType("Test", "CodeBuild"): RunBuild(caches, builds),
        ActionType("Approval", "Manual"): AwaitApproval(approvals),
        ActionType("Deploy", "CloudFormation"): DeployStack(),
    }
