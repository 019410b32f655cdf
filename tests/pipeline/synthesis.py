"""Pipelines of other settings, synthesized for a test."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

from cdk_delivery.compliance.assembly import Assembly
from cdk_delivery.compliance.packs import attach_packs
from cdk_delivery.constructs.project_files import Project
from cdk_delivery.settings.model import Delivery
from pipeline.stack import PipelineStack
from stages.service_options import ServiceOptions

Change = Callable[[dict[str, Any]], object]


def synthesize(context: Mapping[str, Any], project: Project, change: Change) -> Template:
    """The template of the pipeline stack for the settings that the tests know, as `change` leaves them."""
    settings = deepcopy(context["delivery"])
    change(settings)
    app = App(context=dict(context), analytics_reporting=False)
    return Template.from_stack(
        PipelineStack(app, "Pipeline", delivery=Delivery[ServiceOptions].read(settings), project=project)
    )


def findings(context: Mapping[str, Any], project: Project, folder: Path, change: Change) -> list[str]:
    """What the rule packs find in the app of those settings, which answers are stale, and what cfn-lint says of it."""
    settings = deepcopy(context["delivery"])
    change(settings)
    app = App(context=dict(context), outdir=str(folder), analytics_reporting=False)
    PipelineStack(app, "Pipeline", delivery=Delivery[ServiceOptions].read(settings), project=project)
    attach_packs(app)
    with suppress(RuntimeError):  # the assembly is complete all the same, and has the findings
        app.synth()
    assembly = Assembly(folder)
    files = map(str, folder.glob("*.template.json"))
    linted = subprocess.run(["cfn-lint", "--", *files], check=False, capture_output=True, text=True)
    return [*assembly.violations(), *map(str, assembly.stale()), *linted.stdout.splitlines()]


def pipeline_of(template: Template) -> Mapping[str, Any]:
    """The properties of the one pipeline."""
    (pipeline,) = template.find_resources("AWS::CodePipeline::Pipeline").values()
    properties: Mapping[str, Any] = pipeline["Properties"]
    return properties


def actions(template: Template) -> Mapping[str, Sequence[tuple[str, int]]]:
    """Stage -> name and run order of its actions."""
    return {
        stage["Name"]: [(each["Name"], each["RunOrder"]) for each in stage["Actions"]]
        for stage in pipeline_of(template)["Stages"]
    }
