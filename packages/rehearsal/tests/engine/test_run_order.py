"""The grouping of actions by run order."""

from __future__ import annotations

from rehearsal.engine.model.declaration import parse
from rehearsal.engine.model.run_order import group_by_run_order
from tests.engine.conftest import action, declaration


def test_waves_group_by_run_order() -> None:
    """Actions are grouped by run order, lowest first, each group in the definition's order."""
    actions = parse(declaration([action("c", 2), action("a"), action("d", 7), action("b")])).stages[0].actions
    assert [[action.name for action in wave] for wave in group_by_run_order(actions)] == [["a", "b"], ["c"], ["d"]]
