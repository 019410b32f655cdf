"""The actions of a pipeline that deploy a stack, which CDK Pipelines generates and names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Required, TypedDict

from aws_cdk import Stack
from aws_cdk import aws_codepipeline as codepipeline

from cdk_delivery.constructs.escape_hatches import pipeline_resource


@dataclass(frozen=True)
class DeployAction:
    """An action that executes the change set of a stack."""

    stage: str
    name: str
    stack: str


class ResolvedAction(TypedDict, total=False):
    configuration: Mapping[str, str]
    name: Required[str]


class ResolvedStage(TypedDict):
    """A stage with the members of the API's declaration."""

    actions: Sequence[ResolvedAction]
    name: str


def deploy_actions(pipeline: codepipeline.Pipeline) -> Iterator[DeployAction]:
    """Yield the actions stage by stage; call it after `build_pipeline()`.

    Source: AWS CodePipeline user guide, "CloudFormation deploy action reference", ActionMode.
    """
    stages: list[ResolvedStage] = Stack.of(pipeline).resolve(pipeline_resource(pipeline).stages)
    for stage in stages:
        for action in stage["actions"]:
            configuration = action.get("configuration", {})
            if configuration.get("ActionMode") == "CHANGE_SET_EXECUTE":
                yield DeployAction(stage["name"], action["name"], configuration["StackName"])
