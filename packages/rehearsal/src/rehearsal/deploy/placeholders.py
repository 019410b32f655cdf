"""Placeholders for secrets and parameters that do not exist; what `[[prepare]]` has created stays as it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rehearsal.codebuild.environment import PLACEHOLDER

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_ssm import SSMClient


def create_missing_secret(secrets: SecretsManagerClient, name: str, keys: Sequence[str] = ()) -> bool:
    """Create a secret, as JSON with these keys or as a text without keys; return whether it was missing."""
    try:
        secrets.describe_secret(SecretId=name)
    except secrets.exceptions.ResourceNotFoundException:
        text = json.dumps(dict.fromkeys(keys, PLACEHOLDER)) if keys else PLACEHOLDER
        secrets.create_secret(Name=name, SecretString=text)
        return True
    return False


def create_missing_parameter(parameters: SSMClient, name: str) -> bool:
    """Create a parameter; return whether it was missing."""
    try:
        parameters.get_parameter(Name=name)
    except parameters.exceptions.ParameterNotFound:
        parameters.put_parameter(Name=name, Value=PLACEHOLDER, Type="String")
        return True
    return False
