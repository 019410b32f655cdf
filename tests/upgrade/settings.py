"""Settings whose templates are recorded: those of cdk.json, and three variants of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.upgrade.commands import ROOT

Delivery = dict[str, Any]


def _as_they_are(_: Delivery) -> None:
    """Keep the settings of cdk.json."""


def _waves(delivery: Delivery) -> None:
    """Deploy two production accounts in one wave, and ask for one approval for both."""
    prod = delivery["environments"][1] | {"wave": "live"}
    delivery["environments"][1:] = [prod, prod | {"name": "prod2", "account": "444444444444"}]


def _regions(delivery: Delivery) -> None:
    """Deploy production to a second region after the first one."""
    prod = delivery["environments"][1]
    other = {"name": "prodfra", "region": "eu-central-1", "shares_account_with": ["prod"]}
    delivery["environments"].append(prod | other)


def _codecommit(delivery: Delivery) -> None:
    """Take pushes from a CodeCommit repository."""
    delivery["source"] = {"type": "codecommit", "repository": "echo"}


SETTINGS: Mapping[str, Callable[[Delivery], None]] = {
    "cdk.json": _as_they_are,
    "waves": _waves,
    "regions": _regions,
    "codecommit": _codecommit,
}


def context(name: str) -> dict[str, Any]:
    """Return the CDK context for one of SETTINGS, feature flags included."""
    values: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    SETTINGS[name](values["delivery"])
    return values
