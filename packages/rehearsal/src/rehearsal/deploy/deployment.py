"""The pipeline that is deployed in the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from rehearsal.aws import Endpoint, root
from rehearsal.engine.model.declaration import parse
from rehearsal.engine.model.definition import Pipeline, PipelineKey
from rehearsal.project import cloud_assembly
from rehearsal.project.cdk_app import App
from rehearsal.project.cloud_assembly import Branch
from rehearsal.workspace.layout import Workspace

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient

DEFAULT_BRANCH = "main"


@dataclass(frozen=True)
class Deployment:
    """The pipeline that is deployed in the embedded AWS.

    app: the command or assembly that it was deployed from. context: the app's context values. names: the names that
    --pipeline accepts. first_execution: the execution that its creation has just started; empty without one.
    """

    endpoint: Endpoint
    key: PipelineKey
    app: str | None = None
    context: Mapping[str, str] = field(default_factory=dict, compare=False)
    names: tuple[str, ...] = field(default=(), compare=False)
    first_execution: str = field(default="", compare=False)

    def matches(self, app: App, context: Mapping[str, str]) -> bool:
        """Return whether it is the pipeline of this app with this context."""
        return self.context == context and app.matches_deployed(self.app, (self.key.name, *self.names))

    def app_of_options(self, app: App) -> App:
        """Return the app of the options; what they leave out is that of the deployed app."""
        return App(app.command or self.app, app.pipeline or next(iter(self.names), None))

    def api(self) -> CodePipelineClient:
        """Return a CodePipeline client with the root credentials of the pipeline's account."""
        client: CodePipelineClient = self.endpoint.client("codepipeline", root(self.key.account), self.key.region)
        return client

    def pipeline(self) -> Pipeline:
        """Return the current definition."""
        return parse(self.api().get_pipeline(name=self.key.name)["pipeline"])

    def branch(self) -> str:
        """Return the branch that starts the pipeline; for a pipeline without git sources, DEFAULT_BRANCH."""
        branches = self.branches()
        return branches[0].name if branches else DEFAULT_BRANCH

    def branches(self) -> list[Branch]:
        """Return every branch that a source action follows."""
        sources = self.pipeline().stages[0].actions
        return cloud_assembly.followed_branches((action.name, action.configuration) for action in sources)


def find(workspace: Workspace, endpoint: Endpoint) -> Deployment | None:
    """Return the deployed pipeline; None before the first deployment, or after the embedded AWS has lost its state."""
    if not workspace.pipeline_record.exists():
        return None
    record = json.loads(workspace.pipeline_record.read_text())
    key = PipelineKey(record["account"], record["region"], record["name"])
    deployment = Deployment(endpoint, key, record.get("app"), record.get("context", {}), tuple(record.get("names", [])))
    try:
        deployment.api().get_pipeline(name=deployment.key.name)
    except ClientError:
        return None
    return deployment


def deployed_name(endpoint: Endpoint, pipeline: cloud_assembly.PipelineResource) -> str:
    """Return the name of a deployed pipeline, which CloudFormation may have generated, also in a nested stack."""
    stack = pipeline.stack
    api = endpoint.client("cloudformation", root(stack.account), stack.region)
    name = stack.name
    for id_ in (*pipeline.nested, pipeline.id):
        resources = api.describe_stack_resources(StackName=name)["StackResources"]
        name = next(
            str(resource["PhysicalResourceId"]) for resource in resources if resource["LogicalResourceId"] == id_
        )
    return name
