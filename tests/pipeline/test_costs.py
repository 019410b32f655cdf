"""The price file has this project's actions, alarms and dashboards, and a source for each price."""

import json

import pytest

from cdk_delivery.project_config import read_config
from tests.pipeline.synthesis import pipeline_of
from tests.root import ROOT
from tests.synthesized import Synthesized

# docs/prices.json is in an ignored path, so that its push starts no run.
pytestmark = pytest.mark.pages

PRICES = json.loads((ROOT / read_config(ROOT).prices).read_text())


def test_every_action_has_its_minutes(synthesized: Synthesized) -> None:
    """The prices have minutes for every action, except the approval."""
    stages = pipeline_of(synthesized.pipeline)["Stages"]
    names = {action["Name"].rpartition(".")[2] for stage in stages for action in stage["Actions"]} - {"Approve"}
    assert {"Changes" if name.startswith("Changes") else name for name in names} == set(PRICES["minutes"])


def test_alarms_and_dashboards_are_those_of_an_environment(synthesized: Synthesized) -> None:
    """The prices have an environment's number of alarms and dashboards."""
    counted = {
        kind: len(synthesized.prod.find_resources(f"AWS::CloudWatch::{kind}")) for kind in ("Alarm", "Dashboard")
    }
    assert counted == {
        "Alarm": PRICES["alarms_of_an_environment"],
        "Dashboard": PRICES["dashboards_of_an_environment"],
    }


def test_every_price_says_where_it_is_from() -> None:
    """Each price has a page of AWS as its source."""
    prices = {name for name, value in PRICES.items() if isinstance(value, float)}
    assert prices == set(PRICES["sources"])
    assert all(source.startswith("https://aws.amazon.com/") for source in PRICES["sources"].values())
