"""Calls of AWS's APIs: clients per account and region, and errors as problems that a page can show."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from pipeline_console.errors import Kind, Problem, ReadFailed, WrongUse

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.credentials import ReadOnlyCredentials
    from types_boto3_iam import IAMClient

Json = dict[str, Any]

# Source: AWS SDKs reference guide, "Retry behavior": the codes that mean "slow down".
THROTTLED = frozenset(
    (
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "LimitExceededException",
        "BandwidthLimitExceeded",
    )
)
DENIED = frozenset(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden", "403"))
MISSING = frozenset(("NoSuchKey", "NoSuchBucket", "404", "NoSuchEntity"))
# Source: AWS IAM user guide, "Troubleshoot access denied error messages". A read may need kms:Decrypt as well.
_DENIED_ACTION = re.compile(r"is not authorized to perform: ([\w-]+:\w+)")
PAUSES = (0.2, 0.6, 1.4)  # before a throttled call is repeated
# The services whose IAM prefix is not their name in boto3.
_PREFIXES = {"stepfunctions": "states"}


class Aws:
    """The account of the pipeline by one profile, and other accounts by theirs.

    accounts: account id -> profile. throttled_at: when AWS last throttled a call, by `time.monotonic`. Raises WrongUse
    where neither an option nor the profile names a region, and for an unknown profile.
    """

    def __init__(self, profile: str | None, region: str | None, accounts: Mapping[str, str] = {}) -> None:
        self._profiles, self._accounts, self._lock = profile, dict(accounts), threading.Lock()
        self._clients: dict[tuple[str, str, str], BaseClient] = {}
        self._sessions: dict[str, boto3.Session] = {"": _session(profile, region)}
        self.region = str(self._sessions[""].region_name or "")
        if not self.region:
            raise WrongUse("no region is set: give --region, for example --region eu-west-1, or set AWS_REGION")
        self.throttled_at = float("-inf")
        self._own = ""

    def call(self, service: str, operation: str, /, *, account: str = "", region: str = "", **parameters: Any) -> Json:
        """Call an operation by its name in Python. A throttled call is repeated. Raises ReadFailed."""
        if account and account not in self._accounts:
            self.own_account()
        client = self._client(service, account, region)
        name = f"{_PREFIXES.get(service, service)}:{client.meta.method_to_api_mapping[operation]}"
        for pause in (*PAUSES, None):
            try:
                answer: Json = getattr(client, operation)(**parameters)
                return answer
            except (ClientError, BotoCoreError) as error:
                problem = _problem(name, error)
                if problem.kind == "throttled":
                    self.throttled_at = time.monotonic()
                    if pause is not None:
                        time.sleep(pause)
                        continue
                raise ReadFailed(problem) from error
        raise AssertionError("the last call returns or raises")

    def endpoint(self) -> tuple[str, ReadOnlyCredentials, str | bool]:
        """Return the address of an endpoint that serves every API, the credentials for it, and how it is verified."""
        client = self._client("codepipeline", "", "")
        session = self._sessions[""]
        verify = os.environ.get("AWS_CA_BUNDLE") or True
        return client.meta.endpoint_url.rstrip("/"), session.get_credentials().get_frozen_credentials(), verify

    def iam(self, account: str) -> IAMClient:
        """Return a client of IAM for reads of several calls, whose errors the caller handles."""
        return cast("IAMClient", self._client("iam", account, ""))

    def own_account(self) -> str:
        """Return the account of the pipeline's profile."""
        if not self._own:
            self._own = str(self.call("sts", "get_caller_identity")["Account"])
        return self._own

    def _client(self, service: str, account: str, region: str) -> BaseClient:
        with self._lock:
            key = (service, account, region)
            if key not in self._clients:
                config = Config(retries={"mode": "standard", "max_attempts": 1}, connect_timeout=5, read_timeout=60)
                session = self._session_of(account)
                self._clients[key] = session.client(service, region_name=region or None, config=config)
            return self._clients[key]

    def _session_of(self, account: str) -> boto3.Session:
        if account and account not in self._accounts and account != self._own:
            reason = f"no profile of account {account} is given: start the console with --account {account}=PROFILE"
            raise ReadFailed(Problem("missing", "sts:GetCallerIdentity", reason))
        profile = self._accounts.get(account, "")
        if profile not in self._sessions:
            self._sessions[profile] = _session(profile, self.region)
        return self._sessions[profile]


def _session(profile: str | None, region: str | None) -> boto3.Session:
    try:
        return boto3.Session(profile_name=profile, region_name=region)
    except ProfileNotFound as error:
        known = ", ".join(boto3.Session().available_profiles) or "none"
        raise WrongUse(f"there is no AWS profile {profile}; the profiles of this machine: {known}") from error


def _problem(action: str, error: ClientError | BotoCoreError) -> Problem:
    if not isinstance(error, ClientError):
        return Problem("unreachable", action, str(error))
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    if named := _DENIED_ACTION.search(message):
        return Problem("denied", named[1], message)
    if code.endswith("NotFoundException"):
        return Problem("missing", action, message)
    kinds: tuple[tuple[frozenset[str], Kind], ...]
    kinds = ((THROTTLED, "throttled"), (DENIED, "denied"), (MISSING, "missing"))
    kind: Kind = next((kind for codes, kind in kinds if code in codes), "rejected")
    return Problem(kind, action, f"{code}: {message}" if kind == "rejected" else message)


def pages(
    call: Callable[..., Json], *names: str, member: str = "nextToken", limit: int = 20, **parameters: object
) -> list[Json]:
    """Return up to `limit` pages of a paginated operation. member: where an answer names the next page."""
    answers: list[Json] = []
    while len(answers) < limit:
        answers.append(call(*names, **parameters))
        following = answers[-1].get(member)
        if not following:
            break
        parameters[member] = following
    return answers
