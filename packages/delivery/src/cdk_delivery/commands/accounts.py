"""The accounts and regions of a delivery, and sessions to work in them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ProfileNotFound

from cdk_delivery.errors import WrongUse
from cdk_delivery.project_config import read_config
from cdk_delivery.settings.model import Delivery
from cdk_delivery.settings.options import settings_type

# A slow or missing answer is reported instead of waited for.
CLIENT_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})


@dataclass(frozen=True)
class Target:
    """One account and region; `environments` are those that are deployed there; empty for the pipeline's own place."""

    account: str
    region: str
    environments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


def settings(root: Path) -> Delivery[Any]:
    """Return the settings in `root`. Raises SettingsError, or WrongUse without a cdk.json."""
    file = root / "cdk.json"
    if not file.exists():
        raise WrongUse(f"there is no cdk.json in {root}; run this in the project's folder")
    try:
        delivery = json.loads(file.read_text())["context"].get("delivery")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WrongUse(f"{file} cannot be read: {error!r}; it has to be JSON with a `context`") from error
    return settings_type(root, read_config(root)).read(delivery)


def targets(delivery: Delivery[Any]) -> Sequence[Target]:
    """Where things are deployed, each account and region once; the pipeline's own first.

    In each region of an environment, the pipeline's account holds a bucket of artifacts.
    """
    found: dict[tuple[str, str], list[str]] = {(delivery.account, delivery.region): []}
    for one in delivery.environments:
        found.setdefault((one.account, one.region), []).append(one.name)
    for one in delivery.environments:
        found.setdefault((delivery.account, one.region), [])
    return [Target(*where, tuple(names)) for where, names in found.items()]


class Sessions:
    """Clients for each account: with the profile that was named for it, else with the credentials at hand."""

    def __init__(self, profiles: Sequence[str]) -> None:
        self._profiles = dict(_parse_profile(each) for each in profiles)

    def client(self, service: str, target: Target) -> Any:
        """A client of boto3. Raises WrongUse for a profile that is not there."""
        try:
            session = boto3.Session(profile_name=self._profiles.get(target.account))
        except ProfileNotFound as error:
            raise WrongUse(
                f"--profile {target.account}=...: {error}; `aws configure list-profiles` lists them"
            ) from error
        return session.client(service, region_name=target.region, config=CLIENT_CONFIG)

    def environ(self, target: Target) -> dict[str, str]:
        """The environment of a command that works in the account, such as `cdk bootstrap`."""
        environ = {**os.environ, "AWS_REGION": target.region, "AWS_DEFAULT_REGION": target.region}
        if target.account in self._profiles:
            environ["AWS_PROFILE"] = self._profiles[target.account]
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
                environ.pop(name, None)  # they would win over the profile
        return environ


def _parse_profile(text: str) -> tuple[str, str]:
    account, _, profile = text.partition("=")
    if not (re.fullmatch("[0-9]{12}", account) and profile):
        raise WrongUse(f"--profile: got '{text}'; needed is ACCOUNT=PROFILE, such as 210987654321=prod-admin")
    return account, profile
