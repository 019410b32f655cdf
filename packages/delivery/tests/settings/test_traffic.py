"""Settings of traffic: descriptions, and errors for settings that cannot work."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from cdk_delivery.settings.messages import SettingsError
from cdk_delivery.settings.model import Delivery
from cdk_delivery.settings.traffic import Traffic
from tests.app.shop_options import ShopOptions

HERE = "cdk.json context.delivery.environments[1].traffic"


def read(context: dict[str, Any], traffic: dict[str, Any]) -> Traffic:
    """Return the traffic of prod with these settings."""
    settings = deepcopy(context["delivery"])
    settings["environments"][1]["traffic"] = traffic
    return Delivery[ShopOptions].read(settings).environments[1].traffic


def test_all_traffic_moves_at_once_by_default(context: dict[str, Any]) -> None:
    """Settings without `traffic` have no shift, and create no CodeDeploy resource."""
    assert not read(context, {}).shifts
    assert str(read(context, {})) == "all at once"


@pytest.mark.parametrize(
    ("traffic", "minutes", "words"),
    [
        ({"type": "canary"}, 5, "10% for 5 min"),
        ({"type": "canary", "percent": 25, "minutes": 30}, 30, "25% for 30 min"),
        ({"type": "linear", "percent": 30, "minutes": 2}, 6, "30% more every 2 min"),
        ({"type": "canary", "bake_minutes": 15}, 5, "10% for 5 min, bake 15 min"),
    ],
)
def test_a_shift_is_described_with_its_duration(
    context: dict[str, Any], traffic: dict[str, Any], minutes: int, words: str
) -> None:
    """The approval's comment has this text, since the deployment takes as long as the shift."""
    assert (read(context, traffic).duration, str(read(context, traffic))) == (minutes, words)


@pytest.mark.parametrize(
    ("traffic", "plan"),
    [
        ({"type": "canary", "percent": 25, "minutes": 30}, "25% of its calls for 30 min, then all"),
        ({"type": "linear", "percent": 30, "minutes": 2}, "30% more of its calls every 2 min, all of them after 6 min"),
    ],
)
def test_a_plan_says_when_a_function_has_all_calls(context: dict[str, Any], traffic: dict[str, Any], plan: str) -> None:
    """Notices at the start of a shift have this text."""
    assert read(context, traffic).plan == plan


@pytest.mark.parametrize(
    ("traffic", "message"),
    [
        ({"type": "blue"}, ".type: got 'blue'; input should be 'all-at-once', 'canary' or 'linear'"),
        ({"type": "canary", "percent": 0}, ".percent: got 0; input should be greater than or equal to 1"),
        ({"type": "canary", "percent": 100}, ".percent: got 100; input should be less than or equal to 99"),
        ({"type": "canary", "minutes": 0}, ".minutes: got 0; input should be greater than or equal to 1"),
        ({"percent": 10}, ": all-at-once has no steps, and so no `percent`; use `canary` or `linear`"),
        (
            {"type": "linear", "percent": 1, "minutes": 60},
            ": this takes 5940 minutes; 3000 are allowed: choose fewer or shorter steps",
        ),
        (
            {"type": "canary", "alarms": ["orders"]},
            ": `alarms` are watched in the bake time; give `bake_minutes` too, or `shift_alarms`",
        ),
        (
            {"type": "canary", "shift_alarms": [""]},
            ".shift_alarms[0]: got ''; the name of an alarm has 1 to 255 characters, without its ARN",
        ),
        ({"bake_minutes": 56}, ".bake_minutes: got 56; input should be less than or equal to 55"),
    ],
)
def test_an_impossible_shift_is_rejected(context: dict[str, Any], traffic: dict[str, Any], message: str) -> None:
    """The error has the value read, the allowed values, and the remedy."""
    with pytest.raises(SettingsError) as refused:
        read(context, traffic)
    assert str(refused.value) == HERE + message


def test_a_deployment_group_watches_ten_alarms_at_most(context: dict[str, Any]) -> None:
    """Nine alarms are allowed, since the alarm on the new version's errors is the tenth."""
    with pytest.raises(SettingsError, match=r"shift_alarms: got .* at most 9 items"):
        read(context, {"type": "canary", "shift_alarms": [f"alarm{number}" for number in range(10)]})


def test_a_wave_has_bake_time_in_five_environments_at_most(context: dict[str, Any]) -> None:
    """CodePipeline checks at most five rules after a stage."""
    settings = deepcopy(context["delivery"])
    (prod,) = (environment for environment in settings["environments"] if environment["name"] == "prod")
    others = [
        {**prod, "name": f"prod{number}", "account": f"{number}" * 12, "wave": "all", "traffic": {"bake_minutes": 5}}
        for number in range(4, 10)
    ]
    settings["environments"] = [settings["environments"][0], *others]
    with pytest.raises(SettingsError, match=r"6 of the wave 'all' have `bake_minutes`.*5 rules.*prod9"):
        Delivery[ShopOptions].read(settings)
    settings["environments"].pop()
    assert Delivery[ShopOptions].read(settings).environments[1].traffic.bake_minutes == 5
