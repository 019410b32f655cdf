"""Stage conditions and their results: fail, skip, rollback, override."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.engine.errors import RequestRejected
from tests.engine.conftest import (
    Live,
    Stage,
    action,
    at_first,
    declaration,
    errors,
    eventually,
    fails,
    rule,
    until_stopped,
)


def conditional(kind: str, result: str, *rules: dict[str, Any]) -> dict[str, Any]:
    """Return a pipeline of three stages, the second with one condition."""
    definition = declaration([action("source")], [action("deploy")], [action("last")])
    definition["stages"][1][kind] = {"conditions": [{"result": result, "rules": list(rules or [rule("check")])}]}
    return definition


def stopped(stage: Stage, definition: dict[str, Any], at: str) -> Live:
    """Return an execution that was stopped while `at` ran."""
    execution = stage.start(definition)
    eventually(lambda: at in stage.played.seen)
    stage.stop(execution, abandon=True)
    stage.wait()
    return execution


@pytest.mark.parametrize("kind", ["beforeEntry", "onSuccess"])
def test_a_condition_that_is_met_changes_nothing(stage: Stage, kind: str) -> None:
    """An execution continues after a condition whose rules all succeed."""
    execution = stage.run(conditional(kind, "FAIL", rule("one"), rule("two")))
    assert execution.status == "Succeeded"
    assert sorted(stage.played.seen) == ["deploy", "last", "one", "source", "two"]
    assert execution.stages["Two"].conditions[kind].status == "Succeeded"


@pytest.mark.parametrize(("ending", "status"), [(fails, "Failed"), (errors, "Errored")])
def test_an_unmet_entry_condition_fails_the_stage_before_its_actions(stage: Stage, ending: Any, status: str) -> None:
    """One rule that fails or errors fails the stage before any of its actions runs."""
    stage.played.parts["check"] = ending
    execution = stage.run(conditional("beforeEntry", "FAIL", rule("fine"), rule("check")))
    assert execution.status == "Failed"
    assert "its beforeEntry condition is not met: check: " in execution.summary
    assert "deploy" not in stage.played.seen
    assert execution.stages["Two"].conditions["beforeEntry"].status == status


@pytest.mark.parametrize("ending", [fails, errors])
def test_an_unmet_entry_condition_skips_the_stage_where_its_result_is_skip(stage: Stage, ending: Any) -> None:
    """An unmet entry condition with the result SKIP skips the stage, and the execution continues."""
    stage.played.parts["check"] = ending
    execution = stage.run(conditional("beforeEntry", "SKIP"))
    assert (execution.status, execution.stages["Two"].status) == ("Succeeded", "Skipped")
    assert stage.played.seen == ["source", "check", "last"]


@pytest.mark.parametrize("ending", [fails, errors])
def test_an_unmet_success_condition_fails_the_stage_after_its_actions(stage: Stage, ending: Any) -> None:
    """An unmet success condition fails the stage after its actions, and the next stage does not run."""
    stage.played.parts["check"] = ending
    execution = stage.run(conditional("onSuccess", "FAIL"))
    assert (execution.status, execution.stages["Two"].status) == ("Failed", "Failed")
    assert stage.played.seen == ["source", "deploy", "check"]


@pytest.mark.parametrize("ending", [fails, errors])
def test_an_unmet_success_condition_rolls_the_stage_back_where_its_result_says_so(stage: Stage, ending: Any) -> None:
    """An unmet success condition with the result ROLLBACK rolls the stage back to the last good execution."""
    definition = conditional("onSuccess", "ROLLBACK")
    good = stage.run(definition)
    stage.played.parts["check"] = at_first(ending)
    execution = stage.run(definition)
    stage.wait()
    back = stage.all[-1]
    assert (execution.status, back.origin.rollback_of, back.status) == ("Failed", good.id, "Succeeded")


@pytest.mark.parametrize("ending", [fails, errors])
def test_a_failure_condition_decides_on_the_rollback(stage: Stage, ending: Any) -> None:
    """A failed stage is rolled back only if its failure condition is not met."""
    definition = conditional("onFailure", "ROLLBACK")
    stage.run(definition)
    stage.played.parts["deploy"] = fails
    kept = stage.run(definition)
    assert (kept.status, stage.all[-1]) == ("Failed", kept)
    stage.played.parts["check"] = ending
    stage.run(definition)
    stage.wait()
    assert stage.all[-1].origin.trigger["triggerType"] == "AutomatedRollback"


@pytest.mark.parametrize("kind", ["beforeEntry", "onSuccess"])
def test_a_stop_reaches_a_rule(stage: Stage, kind: str) -> None:
    """A stop abandons the running rule; the execution is Stopped and the condition's result is not applied."""
    stage.played.parts["check"] = until_stopped
    execution = stopped(stage, conditional(kind, "FAIL"), at="check")
    assert (execution.status, execution.stages["Two"].status) == ("Stopped", "Stopped")
    assert execution.rules[("Two", "check")].status == "Abandoned"
    assert "last" not in stage.played.seen


def test_a_rule_reads_variables_of_earlier_actions(stage: Stage) -> None:
    """A rule's configuration can refer to output variables of earlier actions."""
    definition = conditional("beforeEntry", "FAIL", rule("check", say="#{Source.said}!"))
    definition["stages"][0]["actions"][0] = action("source", say="hello", namespace="Source")
    execution = stage.run(definition)
    assert execution.rules[("Two", "check")].resolved == {"say": "hello!"}


def test_an_unknown_rule_lists_the_known_rules(stage: Stage) -> None:
    """A rule without a local runner fails its condition; the summary lists the known rules."""
    unknown = rule("check")
    unknown["ruleTypeId"]["provider"] = "Horoscope"
    execution = stage.run(conditional("beforeEntry", "FAIL", unknown))
    assert "no local runner for Rule/Horoscope; there are Rule/Played" in execution.summary


def test_a_retry_checks_the_conditions_again(stage: Stage) -> None:
    """A retry evaluates again the condition that failed the stage."""
    stage.played.parts["check"] = at_first(fails)
    execution = stage.run(conditional("beforeEntry", "FAIL"))
    assert execution.status == "Failed"
    stage.retry(execution, "Two", "FAILED_ACTIONS")
    stage.wait()
    assert execution.status == "Succeeded"
    assert stage.played.seen == ["source", "check", "check", "deploy", "last"]


@pytest.mark.parametrize("kind", ["beforeEntry", "onSuccess"])
def test_a_condition_is_overridden_while_it_is_checked(stage: Stage, kind: str) -> None:
    """An override abandons the running rules, and the execution continues."""
    stage.played.parts["check"] = until_stopped
    execution = stage.start(conditional(kind, "FAIL"))
    eventually(lambda: "check" in stage.played.seen)
    stage.override(execution, "Two", kind)
    stage.wait()
    assert (execution.status, execution.stages["Two"].conditions[kind].status) == ("Succeeded", "Overridden")
    assert execution.rules[("Two", "check")].status == "Abandoned"
    assert stage.played.seen[-1] == "last"


@pytest.mark.parametrize("ending", [fails, errors])
@pytest.mark.parametrize("kind", ["beforeEntry", "onSuccess"])
def test_a_condition_that_has_failed_its_stage_is_overridden(stage: Stage, kind: str, ending: Any) -> None:
    """An override continues the failed execution; no action and no other condition runs a second time."""
    definition = conditional(kind, "FAIL")
    if kind == "onSuccess":
        definition["stages"][1]["beforeEntry"] = {"conditions": [{"result": "FAIL", "rules": [rule("entry")]}]}
    stage.played.parts["check"] = ending
    execution = stage.run(definition)
    assert execution.status == "Failed"
    stage.override(execution, "Two", kind)
    stage.wait()
    assert (execution.status, execution.stages["Two"].conditions[kind].status) == ("Succeeded", "Overridden")
    assert sorted(stage.played.seen) == sorted(set(stage.played.seen)), "something ran twice"
    assert stage.played.seen[-1] == "last"


def test_a_stop_reaches_an_execution_that_was_overridden(stage: Stage) -> None:
    """An execution that continues after an override can be stopped."""
    stage.played.parts |= {"check": fails, "deploy": until_stopped}
    execution = stage.run(conditional("beforeEntry", "FAIL"))
    stage.override(execution, "Two", "beforeEntry")
    eventually(lambda: "deploy" in stage.played.seen)
    stage.stop(execution, abandon=True)
    stage.wait()
    assert (execution.status, execution.stages["Two"].status) == ("Stopped", "Stopped")


def test_only_an_unmet_condition_can_be_overridden(stage: Stage) -> None:
    """An override is rejected for a met condition, an absent condition, and an overtaken execution."""
    definition = conditional("beforeEntry", "FAIL")
    met = stage.run(definition)
    for kind in ("beforeEntry", "onSuccess"):
        with pytest.raises(RequestRejected, match="those that are checked or have failed can be overridden"):
            stage.override(met, "Two", kind)
    stage.played.parts["check"] = at_first(fails)
    overtaken = stage.run(definition)
    stage.run(definition)
    with pytest.raises(RequestRejected, match="has been in Two since"):
        stage.override(overtaken, "Two", "beforeEntry")


def test_a_retry_checks_a_condition_again_that_was_overridden(stage: Stage) -> None:
    """A retry evaluates an overridden condition again."""
    stage.played.parts |= {"check": fails, "deploy": at_first(fails)}
    execution = stage.run(conditional("beforeEntry", "FAIL"))
    stage.override(execution, "Two", "beforeEntry")
    stage.wait()
    assert execution.status == "Failed"
    stage.retry(execution, "Two", "FAILED_ACTIONS")
    stage.wait()
    assert "its beforeEntry condition is not met" in execution.summary
