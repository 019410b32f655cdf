"""This team's pipeline: the stages of an execution, and the synth build."""

import json
import re

import pytest
import yaml
from aws_cdk.assertions import Template

from cdk_delivery.constructs.build_caches import cache_paths
from cdk_delivery.constructs.project_files import Project
from tests.pipeline.synthesis import pipeline_of
from tests.root import ROOT
from tests.synthesized import Synthesized


@pytest.fixture(scope="module")
def template(synthesized: Synthesized) -> Template:
    return synthesized.pipeline


def test_stages_come_in_order(template: Template) -> None:
    """The stages are in order: prod is last, after an approval in a separate stage."""
    names = [stage["Name"] for stage in pipeline_of(template)["Stages"]]
    assert names == ["Source", "Build", "UpdatePipeline", "Assets", "Dev", "ApproveProd", "Prod"]


def test_the_synth_step_runs_this_buildspec(template: Template, project: Project) -> None:
    """The synth build has the contents of buildspec.yml, and the output that CDK adds."""
    (synth,) = template.find_resources(
        "AWS::CodeBuild::Project", {"Properties": {"Name": "echo-delivery-synth"}}
    ).values()
    spec = json.loads(synth["Properties"]["Source"]["BuildSpec"])
    assert spec["phases"]["install"]["runtime-versions"] == {"python": "3.13"}
    (command,) = spec["phases"]["build"]["commands"]
    assert command.startswith("make ")
    assert {"check", "synth"} <= {*command.split()}
    assert spec["artifacts"]["base-directory"] == "cdk.out"
    own = yaml.safe_load(project.buildspec.read_text())["cache"]["paths"]
    assert spec["cache"]["paths"] == [*cache_paths("uv", "pip", "npm", "jsii", "layers"), *own]
    assert "artifacts:" not in project.buildspec.read_text()


def test_the_pinned_cdk_assets_reads_the_assembly(synthesized: Synthesized) -> None:
    """The pinned cdk-assets supports the assembly's schema version, which the Assets stage needs."""
    written = int(json.loads((synthesized.folder / "manifest.json").read_text())["version"].split(".")[0])
    bundle = (ROOT / "node_modules" / "cdk-assets" / "bin" / "cdk-assets.js").read_text()
    (read,) = set(re.findall(r"schemaHash: .*\n.*\n\s+revision: (\d+)", bundle))
    assert written <= int(read)
