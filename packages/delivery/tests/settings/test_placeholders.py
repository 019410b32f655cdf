"""Placeholders are rejected with the credentials of a real account."""

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
    """Each placeholder is reported with its path in cdk.json."""
    with pytest.raises(SettingsError) as refused:
        reject_placeholders(Delivery[ShopOptions].read(context["delivery"]), REAL, page="pages/go-live.md")
    *found, why = str(refused.value).splitlines()
    places = [line.split(": ")[0].removeprefix("cdk.json context.delivery.") for line in found]
    accounts = ["account", "environments[0].account", "environments[1].account"]
    assert places == [*accounts, "source.connection_arn", "notify.emails[0]"]
    assert found[3].endswith("put your connection's ARN here (pages/go-live.md)")
    assert "the credentials are of account 210987654321" in why


@pytest.mark.gate
def test_a_build_of_the_real_codebuild_is_the_real_aws(context: dict[str, Any]) -> None:
    """The account of a build is known even if the CDK CLI passes none."""
    with pytest.raises(SettingsError):
        reject_placeholders(
            Delivery[ShopOptions].read(context["delivery"]),
            {"CODEBUILD_BUILD_ARN": "arn:aws:codebuild:eu-west-1:210987654321:build/synth:1"},
            page="",
        )


@pytest.mark.gate
def test_an_endpoint_in_the_environment_allows_nothing(context: dict[str, Any]) -> None:
    """Only the account decides; an endpoint variable, which a user's shell may have, does not allow placeholders."""
    with pytest.raises(SettingsError):
        reject_placeholders(
            Delivery[ShopOptions].read(context["delivery"]),
            REAL | {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
            page="",
        )


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"CDK_DEFAULT_ACCOUNT": "111111111111"},
        {"CODEBUILD_BUILD_ARN": "arn:aws:codebuild:eu-west-1:111111111111:build/synth:1"},
    ],
)
def test_placeholders_do_without_an_account(context: dict[str, Any], environ: dict[str, str]) -> None:
    """A fresh clone can be synthesized without credentials, and rehearsed in placeholder accounts."""
    delivery = Delivery[ShopOptions].read(context["delivery"])
    reject_placeholders(delivery, environ, page="")
    assert delivery.account == "111111111111"


def test_settings_without_placeholders_are_accepted(context: dict[str, Any]) -> None:
    """Settings without placeholders are accepted with real credentials."""
    settings = deepcopy(context["delivery"])
    settings["account"] = "210987654321"
    settings["source"]["connection_arn"] = "arn:aws:codeconnections:eu-west-1:210987654321:connection/7d2469ff-514a"
    settings["notify"] = {"emails": ["delivery@company.com"]}
    for number, environment in enumerate(settings["environments"]):
        environment["account"] = f"21098765430{number}"
    delivery = Delivery[ShopOptions].read(settings)
    reject_placeholders(delivery, REAL, page="pages/go-live.md")
    assert delivery.account == "210987654321"
