"""A placeholder never reaches the real AWS."""

from copy import deepcopy
from typing import Any

import pytest

from cdk_delivery.settings.messages import SettingsError
from cdk_delivery.settings.model import Delivery
from cdk_delivery.settings.placeholders import reject_placeholders
from tests.app.shop_options import ShopOptions

REAL = {"CDK_DEFAULT_ACCOUNT": "210987654321"}


@pytest.mark.gate
def test_placeholders_are_refused_by_the_real_aws(context: dict[str, Any]) -> None:
    """Each of them by its place in cdk.json."""
    with pytest.raises(SettingsError) as refused:
        reject_placeholders(Delivery[ShopOptions].read(context["delivery"]), REAL, page="pages/go-live.md")
    *found, why = str(refused.value).splitlines()
    places = [line.split(": ")[0].removeprefix("cdk.json context.delivery.") for line in found]
    accounts = ["account", "environments[0].account", "environments[1].account"]
    assert places == [*accounts, "source.connection_arn", "notify.emails[0]"]
    assert found[3].endswith("put your connection's ARN here (pages/go-live.md)")
    assert "the target is the real AWS (account 210987654321)" in why


@pytest.mark.gate
def test_a_build_of_the_real_codebuild_is_the_real_aws(context: dict[str, Any]) -> None:
    """Also where the CLI could not find out the account."""
    with pytest.raises(SettingsError):
        reject_placeholders(
            Delivery[ShopOptions].read(context["delivery"]),
            {"CODEBUILD_BUILD_ARN": "arn:aws:codebuild:..."},
            page="",
        )


@pytest.mark.parametrize("environ", [{}, REAL | {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}])
def test_placeholders_do_without_the_real_aws(context: dict[str, Any], environ: dict[str, str]) -> None:
    """A fresh clone synthesizes, and rehearses."""
    delivery = Delivery[ShopOptions].read(context["delivery"])
    reject_placeholders(delivery, environ, page="")
    assert delivery.account == "111111111111"


def test_settings_of_ones_own_pass(context: dict[str, Any]) -> None:
    """Nothing is left to fill in."""
    settings = deepcopy(context["delivery"])
    settings["account"] = "210987654321"
    settings["source"]["connection_arn"] = "arn:aws:codeconnections:eu-west-1:210987654321:connection/7d2469ff-514a"
    settings["notify"] = {"emails": ["delivery@company.com"]}
    for number, one in enumerate(settings["environments"]):
        one["account"] = f"21098765430{number}"
    delivery = Delivery[ShopOptions].read(settings)
    reject_placeholders(delivery, REAL, page="pages/go-live.md")
    assert delivery.account == "210987654321"
