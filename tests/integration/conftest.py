"""What the tests know of the deployed stage, and the role that they work with."""

import os
from collections.abc import Mapping
from typing import Any

import boto3
import pytest


@pytest.fixture(scope="session")
def deployed() -> Mapping[str, str]:
    """The outputs of the stage, as the pipeline hands them over in environment variables."""
    names = ("ECHO_FUNCTION", "ECHO2_FUNCTION", "TEST_ROLE")
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        pytest.exit(f"{', '.join(missing)}: not set; they are outputs of the deployed stage", returncode=2)
    return {name: os.environ[name] for name in names}


@pytest.fixture(scope="session")
def session(deployed: Mapping[str, str]) -> boto3.Session:
    """A session of the role that may work in the stage's account; its ARN names the account, not the region."""
    keys = boto3.client("sts").assume_role(RoleArn=deployed["TEST_ROLE"], RoleSessionName="integration-tests")[
        "Credentials"
    ]
    return boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name=os.environ["STAGE_REGION"],
    )


@pytest.fixture(scope="session")
def functions(session: boto3.Session) -> Any:
    """A Lambda client of the stage's account and region."""
    return session.client("lambda")
