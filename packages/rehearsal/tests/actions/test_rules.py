"""The VariableCheck rule."""

from __future__ import annotations

import pytest

from rehearsal.actions.rules import CheckVariable
from rehearsal.engine.model.definition import ActionType
from tests.engine.conftest import Stage, action, declaration, rule


def outcome(stage: Stage, **configuration: str) -> tuple[str, str]:
    """Return the status and summary of the rule before the second stage."""
    stage.runners[ActionType("Rule", "Played")] = CheckVariable()
    definition = declaration([action("source", say="release/1", namespace="Source")], [action("a")])
    check = rule("check", **configuration)
    definition["stages"][1]["beforeEntry"] = {"conditions": [{"result": "FAIL", "rules": [check]}]}
    state = stage.run(definition).rules[("Two", "check")]
    return state.status, state.summary


@pytest.mark.parametrize(
    ("operator", "value", "status"),
    [
        ("EQ", "release/1", "Succeeded"),
        ("EQ", "release", "Failed"),
        ("NE", "main", "Succeeded"),
        ("NE", "release/1", "Failed"),
        ("CONTAINS", "lease", "Succeeded"),
        ("CONTAINS", "main", "Failed"),
        ("MATCHES", r"release/\d+", "Succeeded"),
        ("MATCHES", "release", "Failed"),
    ],
)
def test_an_operator_compares(stage: Stage, operator: str, value: str, status: str) -> None:
    """VariableCheck compares by EQ, NE, CONTAINS and MATCHES; MATCHES has to match the whole value."""
    assert outcome(stage, Variable="#{Source.said}", Operator=operator, Value=value)[0] == status


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"Operator": "GT", "Value": "1"}, "Operator: got GT; EQ, NE, CONTAINS, MATCHES are allowed"),
        ({"Operator": "MATCHES", "Value": "["}, "is not a regular expression"),
        ({"Operator": "EQ"}, "needs Value"),
    ],
)
def test_a_rule_rejects_a_bad_configuration(stage: Stage, configuration: dict[str, str], words: str) -> None:
    """A bad configuration fails the rule; the summary names the value read and what is allowed."""
    status, summary = outcome(stage, Variable="x", **configuration)
    assert (status, words in summary) == ("Failed", True)
