"""The fixture of the deployed stage. The pipeline assumes the testers' role; people use their own credentials."""

from __future__ import annotations

import atexit
import gc
import os

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

from tests.integration.deployed import Deployed

# Skip the final GC pass: boto3's objects hold many cycles.
atexit.register(gc.freeze)

SMOKE = os.environ.get("TESTS", "full") == "smoke"


NOWHERE = """The stack {stack} could not be asked: {error}
These tests need a deployed stage. To run them against the one of a rehearsal:
  rehearse up
  rehearse run --approve
  eval "$(rehearse env dev)"
  make integration"""


@pytest.fixture(scope="session", autouse=True)
def _no_cloud() -> None:
    """Override the fixture that removes AWS settings, which these tests need."""


@pytest.fixture(scope="session")
def deployed() -> Deployed:
    """The stage whose stack the pipeline names in `STACK`. Ends the run with 2 if it cannot be read."""
    stack = os.environ.get("STACK", "Dev-Echo")
    try:
        session = _session(os.environ.get("TEST_ROLE"))
        (found,) = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except (ClientError, NoRegionError, NoCredentialsError, EndpointConnectionError) as error:
        pytest.exit(NOWHERE.format(stack=stack, error=error), returncode=2)
    return Deployed(session, {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]})


def _session(role: str | None) -> boto3.Session:
    region = os.environ.get("STAGE_REGION") or os.environ.get("AWS_REGION")
    if not role:
        return boto3.Session(region_name=region)
    sts = boto3.client("sts", region_name=region)
    keys = sts.assume_role(RoleArn=role, RoleSessionName="integration-tests")["Credentials"]
    return boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name=region,
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that send messages in an environment of smoke tests."""
    if SMOKE:
        kept = [item for item in items if item.get_closest_marker("sends") is None]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
