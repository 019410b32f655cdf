"""The types of CloudFormation templates, and of a pipeline's properties in them.

Sources: AWS CloudFormation user guide, "Template anatomy"; template reference, "AWS::CodePipeline::Pipeline".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Required, TypedDict


class TemplateResource(TypedDict, total=False):
    """A resource of a template."""

    Type: Required[str]
    Metadata: Mapping[str, object]
    Properties: Mapping[str, object]


class Template(TypedDict, total=False):
    """A CloudFormation template."""

    Conditions: Mapping[str, object]
    Mappings: Mapping[str, object]
    Outputs: Mapping[str, object]
    Parameters: Mapping[str, object]
    Resources: Mapping[str, TemplateResource]
    Transform: object


class ActionProperties(TypedDict, total=False):
    """An action, as the properties of a pipeline have it."""

    ActionTypeId: Required[Mapping[str, str]]
    Configuration: Mapping[str, object]
    Name: Required[str]


class StageProperties(TypedDict, total=False):
    """A stage, as the properties of a pipeline have it."""

    Actions: Required[Sequence[ActionProperties]]
    BeforeEntry: Mapping[str, object]
    Name: Required[str]
    OnFailure: Mapping[str, object]
    OnSuccess: Mapping[str, object]


class PipelineProperties(TypedDict, total=False):
    """The properties of `AWS::CodePipeline::Pipeline` that are read before the deployment."""

    Name: object
    RestartExecutionOnUpdate: object
    Stages: Sequence[StageProperties]
