"""Conditions of stages, and the results that they engage."""

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
    """Three stages, the second with one condition."""
    definition = declaration([action("source")], [action("deploy")], [action("last")])
    definition["stages"][1][kind] = {"conditions": [{"result": result, "rules": list(rules or [rule("check")])}]}
    return definition


def stopped(stage: Stage, definition: dict[str, Any], at: str) -> Live:
    """An execution that is stopped while `at` runs."""
    execution = stage.start(definition)
    eventually(lambda: at in stage.played.seen)
    stage.stop(execution, abandon=True)
    stage.wait()
    return execution


@pytest.mark.parametrize("kind", ["beforeEntry", "onSuccess"])
def test_a_condition_that_is_met_changes_nothing(stage: Stage, kind: str) -> None:
    """All rules succeed, and the execution goes on."""
    execution = stage.run(conditional(kind, "FAIL", rule("one"), rule("two")))
    assert execution.status == "Succeeded"
    assert sorted(stage.played.seen) == ["deploy", "last", "one", "source", "two"]
    assert execution.stages["Two"].conditions[kind].status == "Succeeded"


@pytest.mark.parametrize(("ending", "status"), [(fails, "Failed"), (errors, "Errored")])
def test_an_unmet_entry_condition_fails_the_stage_before_its_actions(stage: Stage, ending: Any, status: str) -> None:
    """One rule that fails, or cannot do its work, is enough."""
    stage.played.parts["check"] = ending
    execution = stage.run(conditional("beforeEntry", "FAIL", rule("fine"), rule("check")))
    assert execution.status == "Failed"
    assert "its beforeEntry condition is not met: check: " in execution.summary
    assert "deploy" not in stage.played.seen
    assert execution.stages["Two"].conditions["beforeEntry"].status == status


@pytest.mark.parametrize("ending", [fails, errors])
def test_an_unmet_entry_condition_skips_the_stage_where_its_result_is_skip(stage: Stage, ending: Any) -> None:
    """The execution goes on with the next stage."""
    stage.played.parts["check"] = ending
    execution = stage.run(conditional("beforeEntry", "SKIP"))
    assert (execution.status, execution.stages["Two"].status) == ("Succeeded", "Skipped")
    assert stage.played.seen == ["source", "check", "last"]


@pytest.mark.parametrize("ending", [fails, errors])
def test_an_unmet_success_condition_fails_the_stage_after_its_actions(stage: Stage, ending: Any) -> None:
    """The actions have run; the next stage does not."""
    stage.played.parts["check"] = ending
    execution = stage.run(conditional("onSuccess", "FAIL"))
    assert (execution.status, execution.stages["Two"].status) == ("Failed", "Failed")
    assert stage.played.seen == ["source", "deploy", "check"]


@pytest.mark.parametrize("ending", [fails, errors])
def test_an_unmet_success_condition_rolls_the_stage_back_where_its_result_says_so(stage: Stage, ending: Any) -> None:
    """The last good execution comes back."""
    definition = conditional("onSuccess", "ROLLBACK")
    good = stage.run(definition)
    stage.played.parts["check"] = at_first(ending)
    execution = stage.run(definition)
    stage.wait()
    back = stage.all[-1]
    assert (execution.status, back.origin.rollback_of, back.status) == ("Failed", good.id, "Succeeded")


@pytest.mark.parametrize("ending", [fails, errors])
def test_a_failure_condition_decides_on_the_rollback(stage: Stage, ending: Any) -> None:
    """A stage that failed is rolled back where the condition is not met, and only there."""
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
    """The rule is abandoned, the execution is Stopped, and the result is not engaged."""
    stage.played.parts["check"] = until_stopped
    execution = stopped(stage, conditional(kind, "FAIL"), at="check")
    assert (execution.status, execution.stages["Two"].status) == ("Stopped", "Stopped")
    assert execution.rules[("Two", "check")].status == "Abandoned"
    assert "last" not in stage.played.seen


def test_a_rule_reads_variables_of_earlier_actions(stage: Stage) -> None:
    """Its configuration is resolved as an action's is."""
    definition = conditional("beforeEntry", "FAIL", rule("check", say="#{Source.said}!"))
    definition["stages"][0]["actions"][0] = action("source", say="hello", namespace="Source")
    execution = stage.run(definition)
    assert execution.rules[("Two", "check")].resolved == {"say": "hello!"}


def test_an_unknown_rule_lists_those_known(stage: Stage) -> None:
    """A rule without a runner is an error, and never met in silence."""
    unknown = rule("check")
    unknown["ruleTypeId"]["provider"] = "Horoscope"
    execution = stage.run(conditional("beforeEntry", "FAIL", unknown))
    assert "no local runner for Rule/Horoscope; there are Rule/Played" in execution.summary


def test_a_retry_checks_the_conditions_again(stage: Stage) -> None:
    """What failed the stage may hold by now."""
    stage.played.parts["check"] = at_first(fails)
    execution = stage.run(conditional("beforeEntry", "FAIL"))
    assert execution.status == "Failed"
    stage.retry(execution, "Two", "FAILED_ACTIONS")
    stage.wait()
    assert execution.status == "Succeeded"
    assert stage.played.seen == ["source", "check", "check", "deploy", "last"]


@pytest.mark.parametrize("kind", ["beforeEntry", "onSuccess"])
def test_a_condition_is_overridden_while_it_is_checked(stage: Stage, kind: str) -> None:
    """Its rules are abandoned, and the execution goes on as if it were met."""
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
    """The same execution goes on; what has succeeded is not done again, and no condition is checked again."""
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
    """It is one as any other."""
    stage.played.parts |= {"check": fails, "deploy": until_stopped}
    execution = stage.run(conditional("beforeEntry", "FAIL"))
    stage.override(execution, "Two", "beforeEntry")
    eventually(lambda: "deploy" in stage.played.seen)
    stage.stop(execution, abandon=True)
    stage.wait()
    assert (execution.status, execution.stages["Two"].status) == ("Stopped", "Stopped")


def test_what_is_not_unmet_cannot_be_overridden(stage: Stage) -> None:
    """A condition that was met, one that is not there, and one of an execution that another has overtaken."""
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
    """An override is for once."""
    stage.played.parts |= {"check": fails, "deploy": at_first(fails)}
    execution = stage.run(conditional("beforeEntry", "FAIL"))
    stage.override(execution, "Two", "beforeEntry")
    stage.wait()
    assert execution.status == "Failed"
    stage.retry(execution, "Two", "FAILED_ACTIONS")
    stage.wait()
    assert "its beforeEntry condition is not met" in execution.summary
