"""The table of docs/engine.md: the state that is visible when an API call returns."""

from __future__ import annotations

import re

from rehearsal.emulator.codepipeline.operations import OPERATIONS
from rehearsal.engine.state import journal
from tests.emulator.conftest import Service, pipeline, step
from tests.engine.conftest import KEY, Door, eventually, fails, until_stopped
from tests.root import PACKAGE

NAME = {"pipelineName": KEY.name}


def listed(service: Service) -> dict[str, str]:
    summaries = service.call("ListPipelineExecutions", **NAME)["pipelineExecutionSummaries"]
    return {summary["pipelineExecutionId"]: summary["status"] for summary in summaries}


def last_events(service: Service, execution: str) -> list[str]:
    path = service.stage.folder / execution / "journal.jsonl"
    return [event["type"] for event in journal.read(path)]


def test_the_page_has_every_call_that_changes_something() -> None:
    """The page has a row for every operation that changes state."""
    text = (PACKAGE / "docs" / "engine.md").read_text()
    rows = set(re.findall(r"^\| ([A-Z]\w+) \|", text, re.MULTILINE))
    changing = {name for name in OPERATIONS if not name.startswith(("Get", "List", "PutJob"))}
    assert rows == changing


def test_a_created_pipeline_and_its_execution_are_there(service: Service) -> None:
    """A new pipeline's execution is immediately in the list and in its journal."""
    service.stage.played.parts["source"] = door = Door()
    service.call("CreatePipeline", pipeline=pipeline())
    ((execution, status),) = listed(service).items()
    assert (status, last_events(service, execution)[0]) == ("InProgress", "execution-started")
    door.open(service.latest)


def test_a_started_and_a_stopped_execution_are_shown_as_such(service: Service) -> None:
    """A start and a stop are immediately visible; a repeated request token returns the same execution."""
    service.create(pipeline())
    service.stage.played.parts["deploy"] = until_stopped
    execution = service.start(clientRequestToken="one")
    assert listed(service)[execution.id] == "InProgress"
    assert service.start(clientRequestToken="one") == execution
    eventually(lambda: "deploy" in service.stage.played.seen[2:])
    service.call("StopPipelineExecution", **NAME, pipelineExecutionId=execution.id, abandon=True, reason="enough")
    assert listed(service)[execution.id] in {"Stopping", "Stopped"}
    assert "execution-stopping" in last_events(service, execution.id)


def test_a_changed_definition_and_transition_are_shown(service: Service) -> None:
    """An update and a disabled transition take effect immediately."""
    service.create(pipeline())
    service.call("UpdatePipeline", pipeline=pipeline(step("deploy"), step("other")))
    assert service.call("GetPipeline", name=KEY.name)["pipeline"]["version"] == 2
    service.call("DisableStageTransition", **NAME, stageName="Two", transitionType="Inbound", reason="freeze")
    assert service.stage_state()["inboundTransitionState"]["enabled"] is False
    service.stage.played.seen.clear()
    execution = service.start()
    eventually(lambda: execution.waits_for == "Two")
    assert service.stage.played.seen == ["source"]


def test_a_retried_and_a_rolled_back_stage_are_in_progress(service: Service) -> None:
    """A retry and a rollback are immediately InProgress."""
    good = service.create(pipeline())
    door = service.stage.played.parts["deploy"] = Door(fails)
    back = service.call("RollbackStage", **NAME, stageName="Two", targetPipelineExecutionId=good.id)
    assert listed(service)[back["pipelineExecutionId"]] == "InProgress"
    door.open(service.latest)
    service.stage.wait()
    failed = service.latest
    service.stage.played.parts["deploy"] = again = Door()
    retry = {"pipelineExecutionId": failed.id, "retryMode": "FAILED_ACTIONS"}
    service.call("RetryStageExecution", **NAME, stageName="Two", **retry)
    assert listed(service)[failed.id] == "InProgress"
    again.open(failed)


def test_a_deleted_pipeline_is_in_no_answer(service: Service) -> None:
    """A deleted pipeline is immediately unknown, and its running action is asked to end."""
    service.stage.played.parts["deploy"] = until_stopped
    service.call("CreatePipeline", pipeline=pipeline())
    eventually(lambda: "deploy" in service.stage.played.seen)
    service.call("DeletePipeline", name=KEY.name)
    assert service.call("ListPipelines")["pipelines"] == []
    assert service.refused("ListPipelineExecutions", **NAME) == "PipelineNotFoundException"
    assert service.stage.played.tasks[-1].stop.is_set()
