"""The table of costs: what a push and a month cost, from the project's prices and the actions of the pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Required, TypedDict

from cdk_delivery.generate.page import Marks

MARKS = Marks("<!-- costs: made by `make generate` -->", "<!-- end of costs -->")
ENVIRONMENTS = (2, 10, 50)
PUSHES = 100
BUILDS_OF_A_PUSH, BUILDS_OF_AN_ENVIRONMENT = ("Synth", "SelfMutate", "FileAssets"), ("Changes", "Test")
HEADINGS = (
    "environments",
    "builds of a push",
    "a push",
    "keys, a month",
    "alarms and dashboards, a month",
    f"a month with {PUSHES} pushes",
    "V1 costs less from",
)
ACTIONS_OF_A_DEPLOYMENT = ("Prepare", "Deploy")


@dataclass(frozen=True)
class Cost:
    """The costs for a number of environments, in dollars.

    builds: the number of builds of a push. push: one push. keys, watching: a month of KMS keys, and of alarms and
    dashboards, which do not depend on the load. month: all of it, with PUSHES pushes. v1_break_even: the number of
    pushes a month from which a pipeline of type V1, which has a monthly price, costs less.
    """

    builds: int
    push: float
    keys: float
    watching: float
    month: float
    v1_break_even: int


class Prices(TypedDict, total=False):
    """The file of prices, in US dollars; minutes: of each build and action."""

    alarm_month: float
    alarms_of_an_environment: int
    codebuild_minute_small: Required[float]
    codepipeline_v1_month: Required[float]
    codepipeline_v2_action_minute: Required[float]
    dashboard_month: float
    dashboards_of_an_environment: int
    kms_key_month: Required[float]
    minutes: Required[Mapping[str, float]]


def cost(environments: int, prices: Prices) -> Cost:
    """Return the costs in one region, with a key for the pipeline and one for each environment.

    Each build and each action is rounded up to the minute. Source: the price pages that the file of prices names.
    """
    minutes: Mapping[str, int] = {name: ceil(minutes) for name, minutes in prices["minutes"].items()}
    environment_minutes = sum(minutes[name] for name in BUILDS_OF_AN_ENVIRONMENT)
    deployment_minutes = sum(minutes[name] for name in ACTIONS_OF_A_DEPLOYMENT)
    build_minutes = sum(minutes[name] for name in BUILDS_OF_A_PUSH) + environments * environment_minutes
    action_minutes = build_minutes + minutes["Source"] + environments * deployment_minutes
    action_cost = action_minutes * prices["codepipeline_v2_action_minute"]
    push = build_minutes * prices["codebuild_minute_small"] + action_cost
    keys = (1 + environments) * prices["kms_key_month"]
    watching = environments * (
        prices.get("alarms_of_an_environment", 0) * prices.get("alarm_month", 0)
        + prices.get("dashboards_of_an_environment", 0) * prices.get("dashboard_month", 0)
    )
    return Cost(
        builds=len(BUILDS_OF_A_PUSH) + environments * len(BUILDS_OF_AN_ENVIRONMENT),
        push=push,
        keys=keys,
        watching=watching,
        month=keys + watching + PUSHES * push,
        v1_break_even=int(prices["codepipeline_v1_month"] / action_cost) + 1,
    )


def table(prices: Path) -> str:
    """Return the prices' date and source, and one row for each number of environments."""
    price_list = json.loads(prices.read_text())
    lines = [
        f"Prices of {price_list['as_of']} ({price_list['source']}).",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{'---|' * len(HEADINGS)}",
    ]
    for number in ENVIRONMENTS:
        costs = cost(number, price_list)
        dollars = " | ".join(f"${amount:.2f}" for amount in (costs.push, costs.keys, costs.watching, costs.month))
        lines.append(f"| {number} | {costs.builds} | {dollars} | {costs.v1_break_even} pushes a month |")
    return "\n".join(lines) + "\n"
