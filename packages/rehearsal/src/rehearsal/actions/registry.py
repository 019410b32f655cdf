"""The table of runners, by type of action or rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rehearsal.actions import git_sources
from rehearsal.actions.action_builds import BuildServices
from rehearsal.actions.approval import AwaitApproval
from rehearsal.actions.cloudformation import DeployStack
from rehearsal.actions.codebuild import RunBuild
from rehearsal.actions.codedeploy import DeployByCodeDeploy
from rehearsal.actions.commands import RunCommands
from rehearsal.actions.ecr import FetchImage
from rehearsal.actions.lambda_deploy import DeployFunction
from rehearsal.actions.lambda_invoke import InvokeFunction
from rehearsal.actions.pipeline_invoke import StartPipeline
from rehearsal.actions.rules import CheckVariable, WatchAlarm
from rehearsal.actions.s3 import DeployFiles, FetchObject
from rehearsal.codebuild.build_queue import BuildQueue
from rehearsal.engine.action_api import ActionRunner
from rehearsal.engine.model.definition import ActionType
from rehearsal.engine.state.invoke_jobs import Jobs
from rehearsal.workspace.clock import Clock


def runners(services: BuildServices, jobs: Jobs, clock: Clock) -> Mapping[ActionType, ActionRunner]:
    """Return the runners.

    services: of all builds. jobs: the jobs of Lambda invoke actions. clock: for waits of rules and deployments; its
    changes wake waiting actions.
    """
    remotes, build, function = services.remotes, RunBuild(services), InvokeFunction(jobs)
    return {
        ActionType("Source", "CodeStarSourceConnection"): git_sources.connection(remotes),
        ActionType("Source", "CodeCommit"): git_sources.codecommit(remotes),
        ActionType("Source", "GitHub"): git_sources.github(remotes),
        ActionType("Source", "S3"): FetchObject(),
        ActionType("Source", "ECR"): FetchImage(),
        ActionType("Build", "CodeBuild"): build,
        ActionType("Test", "CodeBuild"): build,
        ActionType("Approval", "Manual"): AwaitApproval(clock),
        ActionType("Deploy", "CloudFormation"): DeployStack(clock.changes),
        ActionType("Deploy", "CodeDeploy"): DeployByCodeDeploy(clock.changes),
        ActionType("Deploy", "Lambda"): DeployFunction(clock),
        ActionType("Deploy", "S3"): DeployFiles(),
        ActionType("Invoke", "Lambda"): function,
        ActionType("Invoke", "CodePipeline"): StartPipeline(),
        ActionType("Compute", "Commands"): RunCommands(services),
        ActionType("Rule", "CloudWatchAlarm"): WatchAlarm(clock),
        ActionType("Rule", "CodeBuild"): build,
        ActionType("Rule", "Commands"): RunCommands(replace(services, queue=BuildQueue())),
        ActionType("Rule", "LambdaInvoke"): function,
        ActionType("Rule", "VariableCheck"): CheckVariable(),
    }
