"""The APIs that this project answers: CodePipeline, CodeDeploy, a part of CodeBuild, and its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import NamedTuple

from rehearsal.emulator.codebuild.batch_store import STORE_OPERATIONS, BatchStore
from rehearsal.emulator.codebuild.report_store import OPERATIONS as REPORT_OPERATIONS
from rehearsal.emulator.codebuild.report_store import TARGET as CODEBUILD
from rehearsal.emulator.codebuild.report_store import ReportStore
from rehearsal.emulator.codebuild.start_batch import RUN_OPERATIONS, StartedBatches
from rehearsal.emulator.codebuild.start_build import RETRY_BUILD, StartedBuilds
from rehearsal.emulator.codedeploy.operations import TARGET as CODEDEPLOY
from rehearsal.emulator.codedeploy.operations import CodeDeployApi
from rehearsal.emulator.codepipeline.operations import CodePipelineApi
from rehearsal.emulator.codepipeline.wire import TARGET as CODEPIPELINE
from rehearsal.emulator.server.rehearsal_api import PREFIX, RehearsalApi
from rehearsal.json_values import member


class JsonService(NamedTuple):
    """A service that this project implements. name: its prefix in IAM. resources: returns the ARNs of a request."""

    name: str
    call: Callable[[str, dict[str, object], str, str], dict[str, object]]
    resources: Callable[[dict[str, object], str, str], list[str]]


def codepipeline(api: CodePipelineApi) -> Mapping[str, JsonService]:
    return {CODEPIPELINE: JsonService("codepipeline", api.call, lambda *request: [pipeline_arn(*request)])}


def codedeploy(api: CodeDeployApi) -> Mapping[str, JsonService]:
    return {CODEDEPLOY: JsonService("codedeploy", api.call, lambda *request: [api.resource(*request)])}


def codebuild_reports(reports: ReportStore) -> Mapping[str, JsonService]:
    service = JsonService("codebuild", reports.call, reports.resources)
    return {f"{CODEBUILD}{operation}": service for operation in REPORT_OPERATIONS}


def codebuild_builds(builds: StartedBuilds, batches: StartedBatches, store: BatchStore) -> Mapping[str, JsonService]:
    stored, run = (JsonService("codebuild", call, store.resources) for call in (store.call, batches.call))
    return {
        f"{CODEBUILD}{RETRY_BUILD}": JsonService("codebuild", builds.retry, store.resources),
        **{f"{CODEBUILD}{operation}": stored for operation in STORE_OPERATIONS},
        **{f"{CODEBUILD}{operation}": run for operation in RUN_OPERATIONS},
    }


def rehearsal(api: RehearsalApi) -> Mapping[str, JsonService]:
    return {PREFIX: JsonService("rehearsal", api.call, lambda *_: ["*"])}


def pipeline_arn(request: Mapping[str, object], account: str, region: str) -> str:
    """Return the resource that the policies are evaluated on: a pipeline, or one of its stages or actions."""
    declared = request.get("pipeline")
    named = request.get("pipelineName") or request.get("name")
    names = [named or member(declared, "name"), request.get("stageName"), request.get("actionName")]
    path = "/".join(map(str, takewhile(bool, names)))
    return f"arn:aws:codepipeline:{region}:{account}:{path}" if path else "*"
