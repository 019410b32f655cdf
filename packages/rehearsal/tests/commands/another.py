"""A second pipeline, temporarily deployed in the tiny project and its embedded AWS."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rehearsal.deploy.deployment import Deployment
from rehearsal.engine.model.definition import PipelineKey
from rehearsal.host.atomic_write import write_json
from tests.commands.conftest import Tiny, until
from tests.commands.templates import ACCOUNT, BUCKET, REGION

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import PipelineExecutionSummaryTypeDef

NAME = "another"
RUNNING = ("InProgress", "Stopping")
GIT = {"FullRepositoryId": "owner/tiny", "ConnectionArn": f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/t"}


def action(name: str, category: str, provider: str, **more: Any) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, **more}


def source(provider: str = "CodeStarSourceConnection", **configuration: str) -> dict[str, Any]:
    """Return a source action that follows main."""
    given = {"BranchName": "main", **(configuration or GIT)}
    return action("Repo", "Source", provider, configuration=given, outputArtifacts=[{"name": "Code"}])


@contextmanager
def another(tiny: Tiny, *stages: dict[str, Any], **more: Any) -> Iterator[Tiny]:
    """Yield `tiny` with a deployed pipeline of these stages; restore its own pipeline, commits and journals."""
    declaration: Any = {
        "name": NAME,
        "pipelineType": "V2",
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/codepipeline",
        "artifactStore": {"type": "S3", "location": BUCKET},
        "stages": list(stages),
        **more,
    }
    record, key = tiny.space.pipeline_record, PipelineKey(ACCOUNT, REGION, NAME)
    api, own, head = tiny.deployed.api(), tiny.deployed, tiny.git("rev-parse", "HEAD").strip()
    api.create_pipeline(pipeline=declaration)
    write_json(record, asdict(key))
    tiny.deployed = Deployment(own.endpoint, key)
    try:
        yield tiny
    finally:
        tiny.git("reset", "--quiet", "--hard", head)
        tiny.deployed = own
        write_json(record, asdict(own.key))
        for summary in api.list_pipeline_executions(pipelineName=NAME)["pipelineExecutionSummaries"]:
            _forget(tiny, api, summary)
        api.delete_pipeline(name=NAME)


def _forget(tiny: Tiny, api: Any, execution: PipelineExecutionSummaryTypeDef) -> None:
    id_ = execution["pipelineExecutionId"]
    where = {"pipelineName": NAME, "pipelineExecutionId": id_}
    if execution["status"] == "InProgress":
        with contextlib.suppress(api.exceptions.PipelineExecutionNotStoppableException):  # it has ended since
            api.stop_pipeline_execution(**where, abandon=True)
        until(lambda: api.get_pipeline_execution(**where)["pipelineExecution"]["status"] not in RUNNING)
    shutil.rmtree(tiny.space.executions / id_, ignore_errors=True)
