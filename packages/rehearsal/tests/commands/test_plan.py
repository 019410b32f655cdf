"""`plan`: the effects of a push, computed from deployed stacks and an assembly that the CDK CLI wrote."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.deploy.deployment import Deployment
from rehearsal.engine.model.definition import PipelineKey
from rehearsal.plan import build_commands
from rehearsal.plan import plan as planning
from rehearsal.plan.build_commands import PlannedBuild
from rehearsal.plan.plan import Plan
from rehearsal.project.assembly_manifest import read_assembly
from rehearsal.views import plan as view
from tests.commands.assemblies import write_assembly
from tests.commands.conftest import Tiny, create
from tests.commands.templates import ACCOUNT, REGION, STAGES, TEMPLATE, build_action, project_resource
from tests.root import ROOT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/codepipeline"


def deploys(stack: str) -> dict[str, Any]:
    """Return an action that deploys a stack."""
    return {
        "Name": f"Deploy-{stack}",
        "ActionTypeId": {"Category": "Deploy", "Provider": "CloudFormation", "Owner": "AWS", "Version": "1"},
        "Configuration": {"StackName": stack, "ActionMode": "CREATE_UPDATE"},
        "RoleArn": ROLE,
        "RunOrder": 1,
    }


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def template(*stages: dict[str, Any], **commands: str) -> dict[str, Any]:
    """Return a pipeline `selfish` with a synth, a self-mutation and these stages; `commands` are the builds'."""
    said = {"Synth": "make synth", "Mutate": "npm install -g aws-cdk@2.1148.1"} | commands
    update = build_action("Mutate") | {"Name": "SelfMutate"}
    first = [STAGES[0], {"Name": "Build", "Actions": [build_action("Synth")]}]
    pipeline = copy.deepcopy(TEMPLATE["Resources"]["Pipeline"])
    pipeline["Properties"] |= {
        "Name": "selfish",
        "RestartExecutionOnUpdate": True,
        "Stages": [*first, {"Name": "UpdatePipeline", "Actions": [update]}, *stages],
    }
    projects = {name: project_resource(name, command) for name, command in said.items()}
    return {"Resources": {"Pipeline": pipeline, **projects}}


DEPLOYED = template({"Name": "Dev", "Actions": [deploys("Dev-Queues")]})
QUEUES = {"Resources": {"Kept": queue(DelaySeconds=1), "Old": queue()}}


@pytest.fixture(scope="session")
def _selfish(_tiny: Tiny) -> Deployment:
    create(_tiny, "selfish", DEPLOYED)
    create(_tiny, "Dev-Queues", QUEUES)
    return Deployment(_tiny.deployed.endpoint, PipelineKey(ACCOUNT, REGION, "selfish"))


class Pushed:
    """A source, its assembly, the last push, and the plan of a push."""

    def __init__(self, folder: Path, deployed: Deployment) -> None:
        self.folder, self._deployed = folder, deployed
        self.pushed = folder / "last-push"
        self.pushed.mkdir()
        for path in (folder, self.pushed):
            (path / "Makefile").write_text("synth:\n\t@true\n")

    def plan(self, pipeline: dict[str, Any], stacks: dict[str, Any] | None = None) -> Plan:
        write_assembly(self.folder / "cdk.out", {"selfish": pipeline, **(stacks or {})})
        return self.planned()

    def planned(self) -> Plan:
        """Return the plan of the assembly on the disk."""
        cloud = read_assembly(self.folder / "cdk.out")
        return planning.make_plan(self._deployed, cloud, self.folder, self.pushed, ROOT / "node_modules")


@pytest.fixture
def push(_selfish: Deployment, tmp_path: Path) -> Pushed:
    return Pushed(tmp_path, _selfish)


def test_what_is_deployed_changes_nothing(push: Pushed) -> None:
    """The plan has no update, no change and no warning; all builds run with the deployed buildspecs."""
    plan = push.plan(DEPLOYED, {"Dev-Queues": QUEUES})
    assert not plan.updates_pipeline
    assert plan.pipeline.change is None
    assert [stack.change for stack in plan.stacks] == [None]
    assert plan.warnings == ()
    printed = view.text(plan)
    assert "The pipeline stays as it is." in printed
    assert "Build/Synth: make synth" in printed
    assert "No known deadlock was found." in printed


def test_resources_are_told_apart(push: Pushed) -> None:
    """Resources are added, changed (with the properties) or removed; changes to metadata are ignored."""
    new = {"Resources": {"Kept": queue(DelaySeconds=2), "New": queue()}, "Outputs": {"Name": {"Value": "x"}}}
    (stack,) = push.plan(DEPLOYED, {"Dev-Queues": new}).stacks
    changes = {resource.id: (resource.change, resource.properties) for resource in stack.resources}
    assert changes == {"Kept": ("changed", ("DelaySeconds",)), "New": ("added", ()), "Old": ("removed", ())}
    assert stack.others == ("Outputs",)
    moved = copy.deepcopy(QUEUES)
    moved["Resources"]["Kept"]["Metadata"] = {"aws:cdk:path": "elsewhere"}
    assert push.plan(DEPLOYED, {"Dev-Queues": moved}).stacks[0].change is None


def test_a_changed_definition_updates_and_restarts(push: Pushed) -> None:
    """The plan names the new stage; only builds before the update run with the deployed buildspecs."""
    new = template(
        {"Name": "Dev", "Actions": [deploys("Dev-Queues")]}, {"Name": "Prod", "Actions": [deploys("Prod-Queues")]}
    )
    plan = push.plan(new, {"Dev-Queues": QUEUES, "Prod-Queues": QUEUES})
    assert (plan.updates_pipeline, plan.restarts) == (True, True)
    load: Any = view.as_json(plan)
    assert {stage["name"]: stage["change"] for stage in load["stages"]}["Prod"] == "added"
    assert [stack["change"] for stack in load["stacks"]] == ["update", None, "create"]
    assert {(job["action"], job["under"]) for job in load["jobs"]} == {
        ("Synth", "deployed"),
        ("SelfMutate", "deployed"),
    }
    assert "starts again on the new definition" in view.text(plan)


def test_a_changed_project_updates_without_a_restart(push: Pushed) -> None:
    """A change of a build project updates the pipeline without a restart."""
    stages = {"Name": "Dev", "Actions": [deploys("Dev-Queues")]}
    plan = push.plan(template(stages, Synth="make other"), {"Dev-Queues": QUEUES})
    assert (plan.updates_pipeline, plan.restarts) == (True, False)
    assert "updates itself, without starting again" in view.text(plan)


def test_builds_after_the_update_are_those_of_the_new_definition(push: Pushed) -> None:
    """Builds after the self-mutation have the new definition's commands, also in a new stage."""
    test = build_action("Test")
    new = template({"Name": "Dev", "Actions": [deploys("Dev-Queues"), test]}, Test="make integration")
    plan: Any = view.as_json(push.plan(new, {"Dev-Queues": QUEUES}))
    jobs = plan["jobs"]
    assert jobs[-1] == {
        "stage": "Dev",
        "action": "Test",
        "project": "Test",
        "commands": ["make integration"],
        "under": "new",
    }
    assert [job["under"] for job in jobs] == ["deployed", "deployed", "new"]


def test_a_project_of_a_template_is_found_by_reference(tmp_path: Path) -> None:
    """A project that is named by Ref is found, and its buildspec may contain intrinsic functions."""
    body = template()
    (synth,) = body["Resources"]["Pipeline"]["Properties"]["Stages"][1]["Actions"]
    synth["Configuration"] = {"ProjectName": {"Ref": "Synth"}}
    source = body["Resources"]["Synth"]["Properties"].pop("Source")
    first, _, last = source["BuildSpec"].partition("make")
    body["Resources"]["Synth"]["Properties"] = {
        "Source": source | {"BuildSpec": {"Fn::Join": ["", [first, {"Ref": "AWS::Region"}, last]]}}
    }
    write_assembly(tmp_path, {"selfish": body})
    job, *_ = build_commands.synthesized_builds(read_assembly(tmp_path))
    assert job == PlannedBuild("Build", "Synth", "Synth", ("... synth",))


def test_a_vanished_make_target_is_a_deadlock(push: Pushed) -> None:
    """A make target that the deployed buildspec runs and the push removes is reported."""
    (push.folder / "Makefile").write_text("build:\n\t@true\n")
    stages = {"Name": "Dev", "Actions": [deploys("Dev-Queues")]}
    plan = push.plan(template(stages, Synth="make build"), {"Dev-Queues": QUEUES})
    (warning,) = plan.warnings
    assert "Build/Synth runs `make synth` under the deployed buildspec" in warning
    assert "no make target `synth` any more" in warning


def test_a_vanished_file_is_a_deadlock(push: Pushed, tiny: Tiny) -> None:
    """A file that the deployed buildspec names and the push removes is reported."""
    stages = {"Name": "Dev", "Actions": [deploys("Dev-Queues")]}
    create(tiny, "selfish", template(stages, Synth="cd app && sh ./synth.sh"), update=True)
    try:
        (push.pushed / "synth.sh").touch()
        plan = push.plan(DEPLOYED, {"Dev-Queues": QUEUES})
    finally:
        create(tiny, "selfish", DEPLOYED, update=True)
    assert "Build/Synth names synth.sh in the deployed buildspec" in plan.warnings[0]


@pytest.mark.parametrize(
    ("pin", "words"),
    [("aws-cdk@2.1000.0", "runs aws-cdk 2.1000.0 of the deployed"), ("aws-cdk@2", "installs aws-cdk@2, so that")],
)
def test_an_old_or_loose_cli_is_reported(push: Pushed, tiny: Tiny, pin: str, words: str) -> None:
    """A CDK CLI that is too old for the assembly, or not pinned, is reported."""
    stages = {"Name": "Dev", "Actions": [deploys("Dev-Queues")]}
    create(tiny, "selfish", template(stages, Mutate=f"npm install -g {pin}"), update=True)
    try:
        plan = push.plan(DEPLOYED, {"Dev-Queues": QUEUES})
    finally:
        create(tiny, "selfish", DEPLOYED, update=True)
    assert any(words in warning for warning in plan.warnings)


def test_an_assembly_that_cdk_assets_cannot_read_is_reported(push: Pushed) -> None:
    """An assembly whose schema is newer than cdk-assets supports is reported."""
    write_assembly(push.folder / "cdk.out", {"selfish": DEPLOYED})
    manifest = push.folder / "cdk.out" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("54.0.0", "99.0.0"))
    plan = push.planned()
    assert any("and aws-cdk-lib writes 99: publishing assets will fail" in warning for warning in plan.warnings)


def test_a_stage_that_disappears_leaves_its_stacks(push: Pushed) -> None:
    """Stacks of a removed stage are reported as not deployed by any stage."""
    plan = push.plan(template())
    assert f"the stack Dev-Queues ({ACCOUNT}/{REGION}) is deployed by no stage any more" in plan.warnings[0]
    assert "  - stage Dev" in view.text(plan)


def test_an_account_that_is_not_bootstrapped_is_reported(push: Pushed) -> None:
    """An environment that is not bootstrapped, where the deployment would fail on AWS, is reported."""
    write_assembly(push.folder / "cdk.out", {"selfish": DEPLOYED, "Dev-Queues": QUEUES})
    staged = push.folder / "cdk.out" / "assembly-stage" / "manifest.json"
    manifest = json.loads(staged.read_text())
    manifest["artifacts"]["Dev-Queues"]["environment"] = "aws://444444444444/eu-north-1"
    staged.write_text(json.dumps(manifest))
    plan = push.planned()
    assert any("444444444444/eu-north-1 is not bootstrapped" in warning for warning in plan.warnings)
