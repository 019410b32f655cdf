"""The engine's rules; test_matrix.py has each in all endings."""

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
    """An execution that succeeds goes through every stage in the definition's order."""
    execution = stage.run(declaration([action("a")], [action("b")], [action("c")]))
    assert execution.status == "Succeeded"
    assert stage.played.seen == ["a", "b", "c"]


def test_a_failed_action_fails_its_stage_and_stops_the_run(stage: Stage) -> None:
    """Nothing after the failed stage runs, and the execution says which action failed and why."""
    stage.played.parts["a"] = fails
    execution = stage.run(declaration([action("a")], [action("b")]))
    assert (execution.status, execution.summary) == ("Failed", "One/a: red")
    assert stage.played.seen == ["a"]


def test_an_error_is_a_failure_that_keeps_its_code(stage: Stage) -> None:
    """An action that could not do its work fails the stage too, and the journal tells it from a red result."""

    def misses(task: Task) -> Outcome:
        raise ActionError(f"{task.where}: no such thing")

    stage.played.parts["a"] = misses
    execution = stage.run(declaration([action("a")], [action("b")]))
    assert (execution.summary, execution.actions[("One", "a")].summary) == ("One/a: no such thing", "no such thing")
    ended = [event for event in stage.events(execution) if event["type"] == "action-finished"]
    assert [(event["status"], event["error_code"]) for event in ended] == [("Failed", "ConfigurationError")]


def test_a_stop_with_abandon_ends_the_running_action(stage: Stage) -> None:
    """The running action is told to end, its status is Abandoned, and no later stage runs."""
    stage.played.parts["a"] = until_stopped
    execution = stage.start(declaration([action("a")], [action("b")]))
    eventually(lambda: bool(stage.played.seen))
    stage.stop(execution, abandon=True)
    stage.wait()
    assert execution.status == "Stopped"
    assert execution.actions[("One", "a")].status == "Abandoned"
    assert stage.played.seen == ["a"]


def test_a_stop_without_abandon_lets_the_running_action_end(stage: Stage) -> None:
    """The running action ends as it would have, then the execution is Stopped."""
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
    """Two actions that wait for each other both end."""
    meeting = threading.Barrier(2, timeout=10)

    def meets(task: Task) -> Outcome:
        meeting.wait()
        return Outcome(failed=False, summary="met")

    stage.played.parts.update(a=meets, b=meets)
    assert stage.run(declaration([action("a"), action("b")])).status == "Succeeded"


def test_second_run_order_waits_for_the_first(stage: Stage) -> None:
    """An action of a later run order does not start when one of an earlier one failed."""
    stage.played.parts["a"] = fails
    stage.run(declaration([action("b", 2), action("a", 1)]))
    assert stage.played.seen == ["a"]


def test_output_variables_reach_later_actions(stage: Stage) -> None:
    """`#{namespace.key}` in a configuration becomes what the earlier action gave."""
    first = action("a", say="hello", namespace="First")
    execution = stage.run(declaration([first], [action("b", say="#{First.said} again", namespace="Second")]))
    assert execution.variables["Second"] == {"said": "hello again"}


def test_an_unknown_variable_fails_the_action_that_names_it(stage: Stage) -> None:
    """The message names the namespace and those that exist."""
    execution = stage.run(declaration([action("a", say="#{Nowhere.said}")]))
    assert execution.status == "Failed"
    assert "no namespace Nowhere; there are codepipeline, variables" in execution.summary


def test_an_unknown_provider_lists_those_known(stage: Stage) -> None:
    """An action type without a runner is an error, never a silent success."""
    unknown = action("scan")
    unknown["actionTypeId"] = {"category": "Test", "provider": "DeviceFarm"}
    execution = stage.run(declaration([unknown]))
    assert "One/scan: no local runner for Test/DeviceFarm; there are Test/Played" in execution.summary


def test_an_update_cancels_the_execution_and_starts_a_new_one(stage: Stage) -> None:
    """Self-mutation: the action that updates the pipeline ends, its execution is Cancelled, a new one succeeds."""
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
    """An execution that was cancelled because its first action made `after` of the definition."""

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
    """Values of variables that are still declared, and revisions; what had its default has the new one."""

    def variables(*names: str, default: str) -> list[dict[str, str]]:
        return [{"name": name, "defaultValue": default} for name in names]

    before = declaration([action("a")], variables=variables("x", "y", "gone", default="old"))
    after = declaration([action("a")], variables=variables("x", "y", default="new"))
    revisions = {"a": {"COMMIT_ID": "abc"}, "gone": {"COMMIT_ID": "def"}}
    restarting(stage, before, after, variables={"x": "given", "gone": "given"}, revisions=revisions)
    last = stage.all[-1]
    assert (last.status, last.variables["variables"]) == ("Succeeded", {"x": "given", "y": "new"})
    assert last.origin.wanted == {"a": {"COMMIT_ID": "abc"}}


def test_a_restart_that_is_refused_is_told_and_ends_the_journal(stage: Stage) -> None:
    """The new definition has a variable without a value, say."""
    after = declaration([action("a")], variables=[{"name": "x"}])
    execution = restarting(stage, declaration([action("a")]), after)
    assert execution.summary.endswith("it was not started again: tiny: x has no default: give it a value")
    last = stage.events(execution)[-1]
    assert (last["type"], last["restarted_as"]) == ("execution-finished", None)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_journal_ends_whatever_breaks(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who follows it waits for its last event."""

    def breaks(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(follow_up, "start_what_follows", breaks)
    assert stage.events(stage.run(declaration([action("a")])))[-1]["type"] == "execution-finished"


def test_a_synth_that_is_not_deterministic_fails_instead_of_going_on_for_ever(stage: Stage) -> None:
    """A restarted execution that changes the definition again fails, with the difference of the two definitions."""
    count = iter(range(10))

    def mutates(task: Task) -> Outcome:
        stage.engine.update(KEY, declaration([action("mutate", say=f"random {next(count)}")]), restart=True)
        return Outcome(failed=False, summary="deployed")

    stage.played.parts["mutate"] = mutates
    stage.run(declaration([action("mutate")]))
    stage.wait()
    last = max(stage.engine.executions.values(), key=lambda each: each.number)
    assert last.status == "Failed"
    assert '-            "say": "random 0"' in last.summary
    assert '+            "say": "random 1"' in last.summary


def test_a_long_difference_of_two_definitions_says_where_the_rest_is() -> None:
    """The first 40 lines, the number of the others, and the journal that has both definitions."""
    before, after = (dict.fromkeys(map(str, range(100)), value) for value in ("old", "new"))
    text = describe_definition_change(before, after, "tiny.jsonl")
    assert len(text.splitlines()) == 1 + 40 + 1
    assert text.endswith("more lines: tiny.jsonl in .rehearsal has both definitions, as the last two pipeline-updated")
    assert "more lines" not in describe_definition_change({"a": 1}, {"a": 2}, "tiny.jsonl")


def test_a_waiting_execution_is_superseded_by_a_newer_one(stage: Stage) -> None:
    """While an execution holds a stage, of those that wait for it only the newest goes on."""
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
def test_what_an_action_worked_in_is_kept_after_a_failure_alone(
    stage: Stage, ending: Callable[[Task], Outcome], kept: set[str]
) -> None:
    """It may be hundreds of megabytes; the log stays, and nothing waits for the removal."""

    def works(task: Task) -> Outcome:
        (task.folder / "build" / "deep").mkdir(parents=True)
        (task.folder / "a.zip").touch()
        task.log.touch()
        return ending(task)

    stage.played.parts["a"] = works
    stage.run(declaration([action("a")], [action("b")]))
    folder = stage.played.tasks[0].folder
    eventually(lambda: {path.name for path in folder.iterdir()} == kept)


def test_what_actions_share_is_there_for_later_ones_and_gone_at_the_end(stage: Stage) -> None:
    """It is that of its execution alone."""
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
