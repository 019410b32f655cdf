"""`stop`: stop an execution through CodePipeline's API."""

from __future__ import annotations

from rehearsal.views.execution_view import ExecutionView
from tests.commands.conftest import Tiny, until


def test_the_running_execution_is_stopped_after_its_actions(tiny: Tiny) -> None:
    """Running actions end normally; later actions do not start."""
    execution = tiny.start(Compile="echo up; sleep 1; echo and down")
    until(lambda: any(stage.name == "Build" and stage.status for stage in tiny.view(execution).stages))
    code, printed = tiny.call("stop", "--reason", "enough of it")
    assert code == 0
    assert execution in printed
    view = tiny.ended(execution)
    assert (view.status, view.summary) == ("Stopped", "enough of it")
    assert view.action("Build", "Compile").status == "Succeeded"
    assert view.stage("Gate").status == ""


def test_abandon_ends_running_actions(tiny: Tiny) -> None:
    """`--abandon` ends a running build immediately."""
    execution = tiny.start(Compile="sleep 60")
    until(lambda: any(stage.name == "Build" and stage.status for stage in tiny.view(execution).stages))
    assert tiny.call("stop", execution[:8], "--abandon")[0] == 0
    view = tiny.ended(execution)
    assert view.status == "Stopped"
    assert view.action("Build", "Compile").status == "Abandoned"


def test_nothing_to_stop_is_said(tiny: Tiny, good: ExecutionView) -> None:
    """If no execution runs, the error names the pipeline."""
    code, printed = tiny.call("stop")
    assert code == 2
    assert "no execution of tiny is running" in printed


def test_what_has_ended_is_not_stopped(tiny: Tiny, good: ExecutionView) -> None:
    """`stop` of a finished execution prints the API's error."""
    code, printed = tiny.call("stop", good.id)
    assert code == 2
    assert "StopPipelineExecution was refused" in printed
    assert "PipelineExecutionNotStoppableException" in printed
