"""Pipelines with other settings, synthesized for a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

from cdk_delivery.constructs.project_files import Project
from cdk_delivery.settings.model import Delivery
from pipeline.stack import PipelineStack
from stages.service_options import ServiceOptions

Change = Callable[[dict[str, Any]], object]


def synthesize(context: Mapping[str, Any], project: Project, change: Change) -> Template:
    """Return the pipeline stack's template for the fixed settings, changed by `change`."""
    settings = deepcopy(context["delivery"])
    change(settings)
    app = App(context=dict(context), analytics_reporting=False)
    return Template.from_stack(
        PipelineStack(app, "Pipeline", delivery=Delivery[ServiceOptions].read(settings), project=project)
    )


def pipeline_of(template: Template) -> Mapping[str, Any]:
    """Return the properties of the only pipeline."""
    (pipeline,) = template.find_resources("AWS::CodePipeline::Pipeline").values()
    properties: Mapping[str, Any] = pipeline["Properties"]
    return properties
