"""The synthesized app, as the tests read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

from cdk_delivery.compliance.assembly import Assembly
from cdk_delivery.constructs.project_files import Project
from cdk_delivery.settings.model import Delivery
from pipeline.stack import PipelineStack
from stages.service_options import ServiceOptions


@dataclass(frozen=True)
class Synthesized:
    """The whole app, synthesized once for all tests that only read it."""

    folder: Path

    @property
    def assembly(self) -> Assembly:
        return Assembly(self.folder)

    @cached_property
    def pipeline(self) -> Template:
        """Return the template of the pipeline stack."""
        return Template.from_json(json.loads((self.folder / "Pipeline.template.json").read_text()))

    @cached_property
    def dev(self) -> Template:
        """Return the template of the echo service in dev."""
        return self._stage("Dev")

    @cached_property
    def prod(self) -> Template:
        """Return the template of the echo service in prod."""
        return self._stage("Prod")

    def _stage(self, name: str) -> Template:
        (file,) = (self.folder / f"assembly-Pipeline-{name}").glob("*.template.json")
        return Template.from_json(json.loads(file.read_text()))


def synthesize(context: Mapping[str, Any], project: Project, folder: Path) -> Synthesized:
    """Synthesize the app with the settings of `context`, without the rule packs, which take most of the time."""
    app = App(context=dict(context), outdir=str(folder), analytics_reporting=False)
    PipelineStack(app, "Pipeline", delivery=Delivery[ServiceOptions].read(context["delivery"]), project=project)
    return Synthesized(Path(app.synth().directory))
