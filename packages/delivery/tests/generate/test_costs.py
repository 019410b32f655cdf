"""The table of costs has the builds and actions of the pipeline."""

from __future__ import annotations

import json

from cdk_delivery.generate.costs_table import Prices, cost
from tests.root import APP
from tests.synthesis import Synthesized, pipeline_of

PRICES: Prices = json.loads((APP / "prices.json").read_text())


def test_the_builds_of_a_push_are_those_of_the_pipeline(synthesized: Synthesized) -> None:
    """The table has as many builds as the synthesized pipeline with two environments."""
    stages = pipeline_of(synthesized.pipeline)["Stages"]
    builds = [
        action for stage in stages for action in stage["Actions"] if action["ActionTypeId"]["Category"] == "Build"
    ]
    assert cost(2, PRICES).builds == len(builds)


def test_every_action_has_its_minutes(synthesized: Synthesized) -> None:
    """The prices have minutes for every action but the approval, which costs nothing while it waits."""
    stages = pipeline_of(synthesized.pipeline)["Stages"]
    names = {action["Name"].rpartition(".")[2] for stage in stages for action in stage["Actions"]} - {"Approve"}
    assert {"Changes" if name.startswith("Changes") else name for name in names} == set(PRICES["minutes"])


def test_a_push_of_two_environments() -> None:
    """A push has 9 build minutes and 4 for each environment; deployments add 3 for each, the source 1."""
    found = cost(2, PRICES)
    assert round(found.push, 4) == round(17 * 0.005 + 24 * 0.002, 4)
    assert found.keys == 3


def test_from_how_many_pushes_on_the_flat_price_is_lower() -> None:
    """The flat price is lower from 21 pushes on, since a push's 24 minutes of actions cost 4.8 cents."""
    assert cost(2, PRICES).v1_break_even == 21


def test_minutes_are_rounded_up() -> None:
    """The minutes of each build and each action are rounded up."""
    longer: Prices = {**PRICES, "minutes": {**PRICES["minutes"], "Source": 0.9, "Prepare": 0.1, "Test": 1.5}}
    assert cost(2, longer) == cost(2, PRICES)


def test_alarms_and_dashboards_cost_the_same_without_a_push() -> None:
    """Their number comes from the price file, and their cost does not depend on pushes."""
    watched: Prices = {**PRICES, "alarm_month": 0.1, "alarms_of_an_environment": 9}
    watched |= {"dashboard_month": 3.0, "dashboards_of_an_environment": 1}
    assert cost(2, PRICES).watching == 0
    assert round(cost(2, watched).watching, 2) == 7.80
    assert round(cost(2, watched).month - cost(2, PRICES).month, 2) == 7.80
