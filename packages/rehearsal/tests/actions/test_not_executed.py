"""Accepted providers and resource types: recorded and reported as not executed."""

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
from rehearsal.workspace.acceptances import Accepted, AcceptedFile
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.resource_notes import resource_notes
from tests.conftest import Embedded
from tests.engine.conftest import Live, Stage, action, declaration, fails, succeeds


def test_names_are_providers_with_or_without_category_or_types() -> None:
    """An accepted name is a provider, a category and provider, or, with colons, a resource type."""
    accepted = Accepted.from_names(["DeviceFarm", "Invoke/StepFunctions", "AWS::CodeBuild::ReportGroup"])
    assert accepted.takes(ActionType("Test", "DeviceFarm"))
    assert accepted.takes(ActionType("Invoke", "StepFunctions"))
    assert not accepted.takes(ActionType("Deploy", "StepFunctions"))
    assert accepted.types == {"AWS::CodeBuild::ReportGroup"}


def test_the_names_of_the_last_run_count(tmp_path: Path) -> None:
    """A running embedded AWS reads the names that a later run accepts."""
    space = Workspace(tmp_path)
    space.make()
    written, reader = AcceptedFile(space), AcceptedFile(space)
    assert reader.read() == Accepted()
    written.write(["DeviceFarm"])
    assert reader.read().providers == {"DeviceFarm"}
    written.write([])
    assert reader.read() == Accepted()


def scanned(folder: Path, *names: str, last: Any = succeeds) -> tuple[Live, list[str]]:
    """Run an execution with an action that the rehearsal cannot execute, and return its "Not emulated" lines."""
    scan = action("scan")
    scan["actionTypeId"] = {"category": "Test", "provider": "DeviceFarm"}
    stage = Stage(folder, accepted=Accepted.from_names(names))
    stage.played.parts["last"] = last
    execution = stage.run(declaration([action("source")], [scan], [action("last")]))
    return execution, not_emulated(replay(stage.events(execution)), [], iam=False)


def test_an_accepted_provider_is_recorded_as_not_executed(tmp_path: Path) -> None:
    """An accepted action succeeds; its summary and the end of the run say that it was not executed."""
    execution, lines = scanned(tmp_path, "DeviceFarm")
    assert execution.status == "Succeeded"
    assert execution.actions[("Two", "scan")].summary == "not executed: Test/DeviceFarm was accepted"
    assert "Two/scan was not executed: Test/DeviceFarm was accepted" in lines


def test_a_provider_that_was_not_accepted_is_an_error(tmp_path: Path) -> None:
    """An unsupported provider fails; the summary lists the known ones and `--accept`.

    Later stages are listed as not reached.
    """
    execution, lines = scanned(tmp_path)
    assert execution.status == "Failed"
    assert "there are Test/Played; `run --accept DeviceFarm` goes on without executing it" in execution.summary
    assert "not reached: Three/last" in lines


def test_a_supported_action_runs_even_if_accepted(tmp_path: Path) -> None:
    """Accepting the name of a supported provider does not skip its actions."""
    execution, _ = scanned(tmp_path, "DeviceFarm", "Played", last=fails)
    assert execution.status == "Failed"


@pytest.fixture
def accepting(embedded: Embedded) -> Iterator[AcceptedFile]:
    file = AcceptedFile(embedded.workspace)
    yield file
    file.write([])


GROUP = "AWS::CodeBuild::ReportGroup"


@pytest.mark.slow
def test_an_accepted_type_makes_a_resource_without_effect(embedded: Embedded, accepting: AcceptedFile) -> None:
    """Without acceptance the stack is refused.

    With it, Ref and Fn::GetAtt work, and the end of the run lists the resource.
    """
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
    assert f"{GROUP} {name}/Group has no effect: its type was accepted" in resource_notes(embedded.workspace)
    api.delete_stack(StackName=name)
    api.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})


@pytest.mark.slow
def test_an_accepted_type_that_the_embedded_aws_knows_has_no_effect(
    embedded: Embedded, accepting: AcceptedFile
) -> None:
    """An accepted type has no effect even if the embedded AWS supports it; the end of the run lists the resource."""
    accepting.write(["AWS::SNS::Topic"])
    name = embedded.name("stack")
    embedded.stack(name, {"Topic": {"Type": "AWS::SNS::Topic"}}, Arn={"Ref": "Topic"})
    topics = [topic["TopicArn"] for topic in embedded.client("sns").list_topics()["Topics"]]
    assert not any(name in topic for topic in topics)
    assert f"AWS::SNS::Topic {name}/Topic has no effect: its type was accepted" in resource_notes(embedded.workspace)


@pytest.mark.slow
def test_a_custom_resource_can_be_accepted(embedded: Embedded, accepting: AcceptedFile) -> None:
    """The provider function of an accepted custom resource is not invoked."""
    accepting.write(["Custom::Mine"])
    name, token = embedded.name("stack"), "arn:aws:lambda:eu-west-1:111111111111:function:nowhere"
    embedded.stack(name, {"Mine": {"Type": "Custom::Mine", "Properties": {"ServiceToken": token}}}, Id={"Ref": "Mine"})
    assert f"Custom::Mine {name}/Mine has no effect: its type was accepted" in resource_notes(embedded.workspace)
