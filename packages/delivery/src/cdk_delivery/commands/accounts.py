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
from botocore.loaders import create_loader
from botocore.session import Session as BotocoreSession

from cdk_delivery.errors import WrongUse
from cdk_delivery.project_config import read_config
from cdk_delivery.settings.model import Delivery
from cdk_delivery.settings.options import settings_type

# Short time-outs, in seconds: an endpoint that is slow or unreachable is reported instead of waited for.
CLIENT_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})


@dataclass(frozen=True)
class Target:
    """One account and region. environments: the names of those that are deployed there, if any."""

    account: str
    region: str
    environments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


def settings(root: Path) -> Delivery[object]:
    """Return the settings in `root`. Raises SettingsError, or WrongUse without a cdk.json."""
    file = root / "cdk.json"
    if not file.exists():
        raise WrongUse(f"there is no cdk.json in {root}; run this in the project's folder")
    try:
        delivery = json.loads(file.read_text())["context"].get("delivery")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WrongUse(f"{file} cannot be read: {error!r}; it has to be JSON with a `context`") from error
    return settings_type(root, read_config(root)).read(delivery)


def targets[OptionsT](delivery: Delivery[OptionsT]) -> Sequence[Target]:
    """Return each account and region that the delivery deploys to, once; the pipeline's own come first.

    Among them is the pipeline's account in each region of an environment: it has a bucket of artifacts there.
    """
    environment_names: dict[tuple[str, str], list[str]] = {(delivery.account, delivery.region): []}
    for environment in delivery.environments:
        environment_names.setdefault((environment.account, environment.region), []).append(environment.name)
    for environment in delivery.environments:
        environment_names.setdefault((delivery.account, environment.region), [])
    return [Target(*where, tuple(names)) for where, names in environment_names.items()]


class Sessions:
    """boto3 clients for each account: with the profile that --profile names for it, else with default credentials.

    profiles: texts such as 210987654321=prod-admin.
    """

    def __init__(self, profiles: Sequence[str]) -> None:
        self._profiles = dict(_parse_profile(profile) for profile in profiles)
        # The sessions of all profiles share the models of services: reading one takes up to a tenth of a second.
        self._models = create_loader()
        self._sessions: dict[str | None, boto3.Session] = {}
        self._clients: dict[tuple[str, str, str], object] = {}

    def client(self, service: str, target: Target) -> Any:
        """Return the boto3 client of a service in an account and region. Raises WrongUse for an unknown profile."""
        key = service, target.account, target.region
        if key not in self._clients:
            session = self._session(target.account)
            self._clients[key] = session.client(service, region_name=target.region, config=CLIENT_CONFIG)
        return self._clients[key]

    def _session(self, account: str) -> boto3.Session:
        profile = self._profiles.get(account)
        if profile not in self._sessions:
            session = BotocoreSession(profile=profile)
            session.register_component("data_loader", self._models)
            try:
                self._sessions[profile] = boto3.Session(botocore_session=session, profile_name=profile)
                session.get_scoped_config()
            except ProfileNotFound as error:
                raise WrongUse(f"--profile {account}=...: {error}; `aws configure list-profiles` lists them") from error
        return self._sessions[profile]

    def option(self, target: Target) -> str:
        """Return the option that names the account's profile, with a space before it; empty without a profile."""
        profile = self._profiles.get(target.account)
        return f" --profile {target.account}={profile}" if profile else ""

    def environ(self, target: Target) -> dict[str, str]:
        """Return the environment variables of a command that works in the account, such as `cdk bootstrap`."""
        environ = {**os.environ, "AWS_REGION": target.region, "AWS_DEFAULT_REGION": target.region}
        if target.account in self._profiles:
            environ["AWS_PROFILE"] = self._profiles[target.account]
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
                environ.pop(name, None)  # they would take precedence over the profile
        return environ


def _parse_profile(text: str) -> tuple[str, str]:
    account, _, profile = text.partition("=")
    if not (re.fullmatch("[0-9]{12}", account) and profile):
        raise WrongUse(f"--profile: got '{text}'; needed is ACCOUNT=PROFILE, such as 210987654321=prod-admin")
    return account, profile
