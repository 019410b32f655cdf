"""What somebody accepts not to be rehearsed: recorded, told, and never taken for done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.engine.model.definition import ActionType
from rehearsal.views.execution_view import replay
from rehearsal.views.not_emulated import not_emulated
from rehearsal.workspace.acceptances import Accepted, AcceptedFile, resources
from rehearsal.workspace.layout import Workspace
from tests.conftest import Embedded
from tests.engine.conftest import Live, Stage, action, declaration, fails, succeeds


def test_names_are_providers_with_or_without_category_or_types() -> None:
    """A name with colons is a type."""
    accepted = Accepted.from_names(["DeviceFarm", "Invoke/StepFunctions", "AWS::CodeBuild::ReportGroup"])
    assert accepted.takes(ActionType("Test", "DeviceFarm"))
    assert accepted.takes(ActionType("Invoke", "StepFunctions"))
    assert not accepted.takes(ActionType("Deploy", "StepFunctions"))
    assert accepted.types == {"AWS::CodeBuild::ReportGroup"}


def test_the_names_of_the_last_run_count(tmp_path: Path) -> None:
    """An embedded AWS that runs already reads what is written later."""
    space = Workspace(tmp_path)
    space.make()
    written, reader = AcceptedFile(space), AcceptedFile(space)
    assert reader.read() == Accepted()
    written.write(["DeviceFarm"])
    assert reader.read().providers == {"DeviceFarm"}
    written.write([])
    assert reader.read() == Accepted()


def scanned(folder: Path, *names: str, last: Any = succeeds) -> tuple[Live, list[str]]:
    """An execution with an action that nothing here can run, and what the end of its run says was not emulated."""
    scan = action("scan")
    scan["actionTypeId"] = {"category": "Test", "provider": "DeviceFarm"}
    stage = Stage(folder, accepted=Accepted.from_names(names))
    stage.played.parts["last"] = last
    execution = stage.run(declaration([action("source")], [scan], [action("last")]))
    return execution, not_emulated(replay(stage.events(execution)), [], iam=False)


def test_an_accepted_provider_is_recorded_as_not_executed(tmp_path: Path) -> None:
    """The execution goes on, the action says that nothing was done, and the end of the run says so again."""
    execution, told = scanned(tmp_path, "DeviceFarm")
    assert execution.status == "Succeeded"
    assert execution.actions[("Two", "scan")].summary == "not executed: Test/DeviceFarm was accepted"
    assert "Two/scan was not executed: Test/DeviceFarm was accepted" in told


def test_a_provider_that_nobody_accepted_is_an_error(tmp_path: Path) -> None:
    """It names those known, and how to go on without it; what was not reached is told."""
    execution, told = scanned(tmp_path)
    assert execution.status == "Failed"
    assert "there are Test/Played; `run --accept DeviceFarm` goes on without executing it" in execution.summary
    assert "not reached: Three/last" in told


def test_what_can_be_run_is_run_although_it_was_accepted(tmp_path: Path) -> None:
    """Nothing is skipped by a careless name."""
    execution, _ = scanned(tmp_path, "DeviceFarm", "Played", last=fails)
    assert execution.status == "Failed"


@pytest.fixture
def accepting(embedded: Embedded) -> Iterator[AcceptedFile]:
    file = AcceptedFile(embedded.workspace)
    yield file
    file.write([])


GROUP = "AWS::CodeBuild::ReportGroup"


@pytest.mark.slow
def test_an_accepted_type_makes_a_resource_without_effect_and_is_told(
    embedded: Embedded, accepting: AcceptedFile
) -> None:
    """Ref and Fn::GetAtt work; the resource is named at the end of the run; without acceptance the stack is refused."""
    template = {"Resources": {"Group": {"Type": GROUP, "Properties": {"Type": "TEST"}}}}
    template["Outputs"] = {"Arn": {"Value": {"Fn::GetAtt": ["Group", "Arn"]}}}
    api, name = embedded.client("cloudformation"), embedded.name("stack")
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        api.create_stack(StackName=name, TemplateBody=json.dumps(template))
    accepting.write([GROUP])
    api.create_stack(StackName=name, TemplateBody=json.dumps(template))
    stack = embedded.settled(name)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Outputs"][0]["OutputValue"].startswith("arn:aws:codebuild:eu-west-1:111111111111:reportgroup/")
    assert f"{GROUP} {name}/Group has no effect: its type was accepted" in resources(embedded.workspace)
    api.delete_stack(StackName=name)
    api.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})


@pytest.mark.slow
def test_an_accepted_type_that_the_embedded_aws_knows_has_no_effect(
    embedded: Embedded, accepting: AcceptedFile
) -> None:
    """So a template goes on that uses a part of the type which the embedded AWS lacks; the end of the run says so."""
    accepting.write(["AWS::SNS::Topic"])
    name = embedded.name("stack")
    embedded.stack(name, {"Topic": {"Type": "AWS::SNS::Topic"}}, Arn={"Ref": "Topic"})
    topics = [topic["TopicArn"] for topic in embedded.client("sns").list_topics()["Topics"]]
    assert not any(name in topic for topic in topics)
    assert f"AWS::SNS::Topic {name}/Topic has no effect: its type was accepted" in resources(embedded.workspace)


@pytest.mark.slow
def test_a_resource_of_ones_own_can_be_accepted(embedded: Embedded, accepting: AcceptedFile) -> None:
    """Its function is not called, which would not run here: one of Node that needs an SDK, say."""
    accepting.write(["Custom::Mine"])
    name, token = embedded.name("stack"), "arn:aws:lambda:eu-west-1:111111111111:function:nowhere"
    embedded.stack(name, {"Mine": {"Type": "Custom::Mine", "Properties": {"ServiceToken": token}}}, Id={"Ref": "Mine"})
    assert f"Custom::Mine {name}/Mine has no effect: its type was accepted" in resources(embedded.workspace)
