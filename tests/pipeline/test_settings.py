"""Settings are refused in words that a person can act on."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from pipeline.settings import Delivery, SettingsError

HERE = "cdk.json context.delivery"


def unknown_key(settings: dict[str, Any]) -> None:
    settings["environments"][1]["acount"] = "1"


def short_account(settings: dict[str, Any]) -> None:
    settings["environments"][1]["account"] = "33333333333"


def number_for_account(settings: dict[str, Any]) -> None:
    settings["account"] = 111111111111


def odd_region(settings: dict[str, Any]) -> None:
    settings["region"] = "Ireland"


def shared_account(settings: dict[str, Any]) -> None:
    settings["environments"][1]["account"] = settings["environments"][0]["account"]


def same_name(settings: dict[str, Any]) -> None:
    settings["environments"][1]["name"] = "dev"


def no_source(settings: dict[str, Any]) -> None:
    del settings["source"]


def no_environment(settings: dict[str, Any]) -> None:
    settings["environments"] = []


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (unknown_key, f"{HERE}.environments[1].acount: there is no such setting; there are account, approval, name,"),
        (
            short_account,
            f"{HERE}.environments[1].account: got '33333333333' (11 digits); an AWS account id has 12 digits",
        ),
        (number_for_account, f"{HERE}.account: got 111111111111; "),
        (odd_region, f"{HERE}.region: got 'Ireland'; an AWS region looks like eu-west-1"),
        (shared_account, "'dev' and 'prod' share the account 222222222222"),
        (same_name, "two are named 'dev'"),
        (no_source, f"{HERE}.source: is missing"),
        (no_environment, f"{HERE}.environments: got []; "),
    ],
)
def test_a_wrong_setting_is_refused(
    context: dict[str, Any], spoil: Callable[[dict[str, Any]], None], message: str
) -> None:
    """The message says where, what was read, and what is allowed."""
    settings = deepcopy(context["delivery"])
    spoil(settings)
    with pytest.raises(SettingsError) as refused:
        Delivery.read(settings)
    assert message in str(refused.value)


def test_every_fault_is_named_at_once(context: dict[str, Any]) -> None:
    """A person mends all of them before the next try."""
    settings = deepcopy(context["delivery"])
    unknown_key(settings)
    odd_region(settings)
    with pytest.raises(SettingsError) as refused:
        Delivery.read(settings)
    assert len(str(refused.value).splitlines()) == 2


def test_no_settings_at_all_are_refused() -> None:
    """`python pipeline_app.py` alone does not see cdk.json."""
    with pytest.raises(SettingsError, match="got nothing"):
        Delivery.read(None)


def test_settings_are_frozen(context: dict[str, Any]) -> None:
    """They are read once."""
    delivery = Delivery.read(context["delivery"])
    with pytest.raises(ValueError, match="frozen"):
        delivery.name = "other"
