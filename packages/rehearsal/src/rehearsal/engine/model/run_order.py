"""The order in which the actions of a stage run."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from rehearsal.engine.model.definition import Action


def group_by_run_order(actions: Iterable[Action]) -> list[list[Action]]:
    """Group `actions` by run order: the actions of a group run in parallel, each group after the previous one.

    Source: AWS CodePipeline user guide, "Action structure reference", runOrder.
    """
    ordered = sorted(actions, key=lambda action: action.run_order)
    return [list(group) for _, group in groupby(ordered, key=lambda action: action.run_order)]
