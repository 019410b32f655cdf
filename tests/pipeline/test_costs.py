"""What the page of costs counts is what the pipeline does."""

import json

from pipeline.costs_table import cost
from tests.pipeline.synthesis import pipeline_of
from tests.synthesized import ROOT, Synthesized

PRICES = json.loads((ROOT / "docs" / "prices.json").read_text())


def test_the_builds_of_a_push_are_those_of_the_pipeline(synthesized: Synthesized) -> None:
    """For the two environments of cdk.json."""
    stages = pipeline_of(synthesized.pipeline)["Stages"]
    builds = [
        action for stage in stages for action in stage["Actions"] if action["ActionTypeId"]["Category"] == "Build"
    ]
    assert cost(2, PRICES).builds == len(builds)


def test_every_action_has_its_minutes(synthesized: Synthesized) -> None:
    """But the approval, which costs nothing while it waits."""
    stages = pipeline_of(synthesized.pipeline)["Stages"]
    names = {action["Name"].rpartition(".")[2] for stage in stages for action in stage["Actions"]} - {"Approve"}
    assert {"Changes" if name.startswith("Changes") else name for name in names} == set(PRICES["minutes"])


def test_a_push_of_two_environments() -> None:
    """9 minutes once and 4 for each environment are built; 5 more are deployed, and 0.2 fetched."""
    found = cost(2, PRICES)
    assert round(found.push, 4) == round(17 * 0.005 + 22.2 * 0.002, 4)
    assert found.keys == 3
