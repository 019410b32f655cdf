"""The engine's rules; test_matrix.py checks each with every ending of an action."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.engine.action_api import ActionError, Outcome, Task
from rehearsal.engine.running import follow_up
from rehearsal.engine.running.start_inputs import describe_definition_change
from tests.engine.conftest import KEY, Live, Stage, action, declaration, eventually, fails, succeeds, until_stopped


def test_stages_run_one_after_the_other(stage: Stage) -> None:
    """A successful execution runs every stage, in the definition's order."""
    execution = stage.run(declaration([action("a")], [action("b")], [action("c")]))
    assert execution.status == "Succeeded"
    assert stage.played.seen == ["a", "b", "c"]


def test_a_failed_action_fails_its_stage_and_stops_the_run(stage: Stage) -> None:
    """No stage runs after a failed one; the execution's summary names the action and its failure."""
    stage.played.parts["a"] = fails
    execution = stage.run(declaration([action("a")], [action("b")]))
    assert (execution.status, execution.summary) == ("Failed", "One/a: red")
    assert stage.played.seen == ["a"]


def test_an_error_is_a_failure_that_keeps_its_code(stage: Stage) -> None:
    """An action that errors fails its stage; the journal keeps its error code."""

    def misses(task: Task) -> Outcome:
        raise ActionError(f"{task.where}: no such thing")

    stage.played.parts["a"] = misses
    execution = stage.run(declaration([action("a")], [action("b")]))
    assert (execution.summary, execution.actions[("One", "a")].summary) == ("One/a: no such thing", "no such thing")
    ended = [event for event in stage.events(execution) if event["type"] == "action-finished"]
    assert [(event["status"], event["error_code"]) for event in ended] == [("Failed", "ConfigurationError")]


def test_a_stop_with_abandon_ends_the_running_action(stage: Stage) -> None:
    """A stop with abandon ends the running action, whose status is Abandoned; no later stage runs."""
    stage.played.parts["a"] = until_stopped
    execution = stage.start(declaration([action("a")], [action("b")]))
    eventually(lambda: bool(stage.played.seen))
    stage.stop(execution, abandon=True)
    stage.wait()
    assert execution.status == "Stopped"
    assert execution.actions[("One", "a")].status == "Abandoned"
    assert stage.played.seen == ["a"]


def test_a_stop_without_abandon_lets_the_running_action_end(stage: Stage) -> None:
    """A stop without abandon lets the running action end normally; then the execution is Stopped."""
    go = threading.Event()

    def waits(task: Task) -> Outcome:
        go.wait(10)
        return Outcome(failed=False, summary="done")

    stage.played.parts["a"] = waits
    execution = stage.start(declaration([action("a")], [action("b")]))
    eventually(lambda: bool(stage.played.seen))
    stage.stop(execution, abandon=False)
    go.set()
    stage.wait()
    assert (execution.status, execution.actions[("One", "a")].status) == ("Stopped", "Succeeded")
    assert stage.played.seen == ["a"]


def test_actions_of_one_run_order_run_at_the_same_time(stage: Stage) -> None:
    """Two actions with the same run order run concurrently."""
    meeting = threading.Barrier(2, timeout=10)

    def meets(task: Task) -> Outcome:
        meeting.wait()
        return Outcome(failed=False, summary="met")

    stage.played.parts.update(a=meets, b=meets)
    assert stage.run(declaration([action("a"), action("b")])).status == "Succeeded"


def test_second_run_order_waits_for_the_first(stage: Stage) -> None:
    """An action with a later run order does not start after a failure in an earlier one."""
    stage.played.parts["a"] = fails
    stage.run(declaration([action("b", 2), action("a", 1)]))
    assert stage.played.seen == ["a"]


def test_output_variables_reach_later_actions(stage: Stage) -> None:
    """`#{namespace.key}` in a configuration becomes the earlier action's output variable."""
    first = action("a", say="hello", namespace="First")
    execution = stage.run(declaration([first], [action("b", say="#{First.said} again", namespace="Second")]))
    assert execution.variables["Second"] == {"said": "hello again"}


def test_an_unknown_variable_fails_the_action_that_names_it(stage: Stage) -> None:
    """A reference to an unknown namespace fails the action; the summary lists the known namespaces."""
    execution = stage.run(declaration([action("a", say="#{Nowhere.said}")]))
    assert execution.status == "Failed"
    assert "no namespace Nowhere; there are codepipeline, variables" in execution.summary


def test_an_unknown_provider_lists_the_known_providers(stage: Stage) -> None:
    """An action type without a local runner fails; the summary lists the known types."""
    unknown = action("scan")
    unknown["actionTypeId"] = {"category": "Test", "provider": "DeviceFarm"}
    execution = stage.run(declaration([unknown]))
    assert "One/scan: no local runner for Test/DeviceFarm; there are Test/Played" in execution.summary


def test_an_update_cancels_the_execution_and_starts_a_new_one(stage: Stage) -> None:
    """Self-mutation cancels the execution after the updating action; a new execution runs the new definition."""
    changed = declaration([action("mutate")], [action("b")], [action("new")])

    def mutates(task: Task) -> Outcome:
        if stage.engine.pipelines[KEY].version == 1:
            stage.engine.update(KEY, changed, restart=True)
        return Outcome(failed=False, summary="deployed")

    stage.played.parts["mutate"] = mutates
    first = stage.run(declaration([action("mutate")], [action("b")]))
    stage.wait()
    (second,) = [execution for execution in stage.engine.executions.values() if execution.id != first.id]
    assert (first.status, second.status) == ("Cancelled", "Succeeded")
    assert stage.events(first)[-1]["restarted_as"] == second.id
    assert stage.played.seen == ["mutate", "mutate", "b", "new"]


def restarting(stage: Stage, before: dict[str, Any], after: dict[str, Any], **given: Any) -> Live:
    """Return an execution that was cancelled because its first action updated the pipeline to `after`."""

    def mutates(task: Task) -> Outcome:
        if stage.engine.pipelines[KEY].version == 1:
            stage.engine.update(KEY, after, restart=True)
        return Outcome(failed=False, summary="deployed")

    stage.played.parts["a"] = mutates
    stage.engine.create(KEY, before)
    execution = stage.live(stage.engine.start(KEY, trigger={"triggerType": "StartPipelineExecution"}, **given))
    stage.wait()
    assert execution.status == "Cancelled"
    return execution


def test_a_restart_takes_what_the_first_execution_was_given(stage: Stage) -> None:
    """A restart keeps the variables and revisions of the start; a variable left at its default gets the new default."""

    def variables(*names: str, default: str) -> list[dict[str, str]]:
        return [{"name": name, "defaultValue": default} for name in names]

    before = declaration([action("a")], variables=variables("x", "y", "gone", default="old"))
    after = declaration([action("a")], variables=variables("x", "y", default="new"))
    revisions = {"a": {"COMMIT_ID": "abc"}, "gone": {"COMMIT_ID": "def"}}
    restarting(stage, before, after, variables={"x": "given", "gone": "given"}, revisions=revisions)
    last = stage.all[-1]
    assert (last.status, last.variables["variables"]) == ("Succeeded", {"x": "given", "y": "new"})
    assert last.origin.requested_revisions == {"a": {"COMMIT_ID": "abc"}}


def test_a_rejected_restart_is_reported_and_ends_the_journal(stage: Stage) -> None:
    """The summary says why a restart was rejected, and the journal has its last event."""
    after = declaration([action("a")], variables=[{"name": "x"}])
    execution = restarting(stage, declaration([action("a")]), after)
    assert execution.summary.endswith("it was not started again: tiny: x has no default: give it a value")
    last = stage.events(execution)[-1]
    assert (last["type"], last["restarted_as"]) == ("execution-finished", None)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_journal_ends_whatever_breaks(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal has its last event even if starting the follow-up raises an exception."""

    def breaks(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(follow_up, "start_what_follows", breaks)
    assert stage.events(stage.run(declaration([action("a")])))[-1]["type"] == "execution-finished"


def test_a_synth_that_is_not_deterministic_fails_instead_of_going_on_for_ever(stage: Stage) -> None:
    """A restarted execution that changes the definition again fails; its summary has the difference."""
    count = iter(range(10))

    def mutates(task: Task) -> Outcome:
        stage.engine.update(KEY, declaration([action("mutate", say=f"random {next(count)}")]), restart=True)
        return Outcome(failed=False, summary="deployed")

    stage.played.parts["mutate"] = mutates
    stage.run(declaration([action("mutate")]))
    stage.wait()
    last = max(stage.engine.executions.values(), key=lambda execution: execution.number)
    assert last.status == "Failed"
    assert '-            "say": "random 0"' in last.summary
    assert '+            "say": "random 1"' in last.summary


def test_a_long_difference_of_two_definitions_says_where_the_rest_is() -> None:
    """The first 40 lines, the number of the others, and the journal that has both definitions; not their versions."""
    before, after = (dict.fromkeys(map(str, range(100)), value) for value in ("old", "new"))
    text = describe_definition_change(before, after, "tiny.jsonl")
    assert len(text.splitlines()) == 1 + 40 + 1
    assert text.endswith("more lines: tiny.jsonl in .rehearsal has both definitions, as the last two pipeline-updated")
    small = describe_definition_change({"a": 1, "version": 1}, {"a": 2, "version": 2}, "tiny.jsonl")
    assert "more lines" not in small
    assert "version" not in small


def test_a_waiting_execution_is_superseded_by_a_newer_one(stage: Stage) -> None:
    """Of the executions that wait for a stage, only the newest continues."""
    go = threading.Event()

    def waits(task: Task) -> Outcome:
        go.wait(10)
        return Outcome(failed=False, summary="done")

    stage.played.parts["b"] = waits
    definition = declaration([action("a")], [action("b")])
    first = stage.start(definition)
    eventually(lambda: "b" in stage.played.seen)
    second = stage.start(definition)
    eventually(lambda: stage.played.seen.count("a") == 2)
    third = stage.start(definition)
    eventually(lambda: second.status == "Superseded")
    go.set()
    stage.wait()
    assert (first.status, second.status, third.status) == ("Succeeded", "Superseded", "Succeeded")


@pytest.mark.parametrize(("ending", "kept"), [(succeeds, {"action.log"}), (fails, {"action.log", "build", "a.zip"})])
def test_work_files_of_an_action_are_kept_only_after_a_failure(
    stage: Stage, ending: Callable[[Task], Outcome], kept: set[str]
) -> None:
    """The engine removes a successful action's work files and keeps its log; a failed action keeps everything."""

    def works(task: Task) -> Outcome:
        (task.folder / "build" / "deep").mkdir(parents=True)
        (task.folder / "a.zip").touch()
        task.log.touch()
        return ending(task)

    stage.played.parts["a"] = works
    stage.run(declaration([action("a")], [action("b")]))
    folder = stage.played.tasks[0].folder
    eventually(lambda: {path.name for path in folder.iterdir()} == kept)


def test_the_shared_folder_of_an_execution_is_removed_at_its_end(stage: Stage) -> None:
    """Later actions of an execution find its shared folder; the engine removes the folder at the end."""
    found: list[bool] = []

    def works(task: Task) -> Outcome:
        found.append(task.shared.exists())
        task.shared.mkdir(exist_ok=True)
        return succeeds(task)

    stage.played.parts |= {"a": works, "b": works}
    stage.run(declaration([action("a")], [action("b")]))
    (shared,) = {task.shared for task in stage.played.tasks}
    assert found == [False, True]
    eventually(lambda: not shared.exists())
