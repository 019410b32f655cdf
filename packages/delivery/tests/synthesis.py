"""The shop's pipeline, synthesized with any settings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from aws_cdk import App, CloudFormationValidatePlugin, Validations
from aws_cdk.assertions import Template
from constructs import Construct

from cdk_delivery.compliance.assembly import Assembly
from cdk_delivery.compliance.packs import attach_packs
from cdk_delivery.constructs.project_files import Project
from tests.app.shop_pipeline import Settings, ShopPipeline

Change = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Synthesized:
    """The assembly in `folder`, as templates."""

    folder: Path

    @property
    def assembly(self) -> Assembly:
        return Assembly(self.folder)

    @cached_property
    def pipeline(self) -> Template:
        """Return the template of the pipeline's stack."""
        return Template.from_json(json.loads((self.folder / "Pipeline.template.json").read_text()))

    def stage(self, id_: str) -> Template:
        """Return the template of the shop in one environment, such as Dev."""
        (file,) = (self.folder / f"assembly-Pipeline-{id_}").glob("*.template.json")
        return Template.from_json(json.loads(file.read_text()))


def pipeline_stack(
    scope: Construct, context: Mapping[str, Any], project: Project, change: Change | None = None
) -> ShopPipeline:
    """Return the pipeline's stack for the settings of `context`, changed by `change`."""
    settings = deepcopy(context["delivery"])
    if change:
        change(settings)
    return ShopPipeline(scope, "Pipeline", delivery=Settings.read(settings), project=project)


def two_regions(settings: dict[str, Any]) -> None:
    """Change the settings to dev and a wave of two prods in two regions."""
    prod = settings["environments"][1] | {"wave": "live"}
    settings["environments"][1:] = [prod, prod | {"name": "prod2", "region": "eu-central-1"}]


def synthesize(context: Mapping[str, Any], project: Project, change: Change) -> Template:
    """Return the template of the pipeline's stack for the settings of the shop, changed by `change`."""
    app = App(context=dict(context), analytics_reporting=False)
    return Template.from_stack(pipeline_stack(app, context, project, change))


def assembly(
    context: Mapping[str, Any], project: Project, folder: Path, change: Change | None = None, *, packs: bool = False
) -> Synthesized:
    """Synthesize the whole assembly into `folder`. packs: with the rule packs, whose findings raise no error."""
    app = App(context=dict(context), outdir=str(folder), analytics_reporting=False)
    pipeline_stack(app, context, project, change)
    if packs:
        _add_packs(app)
    with suppress(RuntimeError):  # the assembly is complete in spite of the findings
        app.synth()
    return Synthesized(folder)


def findings(context: Mapping[str, Any], project: Project, folder: Path, changes: Mapping[str, Change]) -> list[str]:
    """Return findings of the rule packs, stale acceptances and findings of cfn-lint for a pipeline with each change."""
    app = App(context=dict(context), outdir=str(folder), analytics_reporting=False)
    for name, change in changes.items():
        pipeline_stack(Construct(app, name), context, project, change)
    _add_packs(app)
    with suppress(RuntimeError):
        app.synth()
    found, files = Assembly(folder), map(str, folder.glob("*.template.json"))
    linted = subprocess.run(["cfn-lint", "--", *files], check=False, capture_output=True, text=True)
    return [*found.violations(), *map(str, found.stale()), *linted.stdout.splitlines()]


def _add_packs(app: App) -> None:
    attach_packs(app)
    Validations.of(app).add_plugins(_validation())


@cache
def _validation() -> CloudFormationValidatePlugin:
    """Return CDK's validation of templates, which takes 1.2 s to load its rules, for all apps of this process."""
    return CloudFormationValidatePlugin()


def pipeline_of(template: Template) -> Mapping[str, Any]:
    """Return the properties of the template's only pipeline."""
    (pipeline,) = template.find_resources("AWS::CodePipeline::Pipeline").values()
    properties: Mapping[str, Any] = pipeline["Properties"]
    return properties


def actions(template: Template) -> Mapping[str, Sequence[tuple[str, int]]]:
    """Return stage -> names and run orders of its actions."""
    return {
        stage["Name"]: [(action["Name"], action["RunOrder"]) for action in stage["Actions"]]
        for stage in pipeline_of(template)["Stages"]
    }
