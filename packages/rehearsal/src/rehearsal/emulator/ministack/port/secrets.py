"""Secrets of Secrets Manager and parameters of Parameter Store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from ministack.services import secretsmanager, ssm


class SecretRecord(TypedDict, total=False):
    KmsKeyId: str
    Name: str


class ParameterRecord(TypedDict, total=False):
    """A parameter of Systems Manager."""

    ARN: str
    KeyId: str
    Type: str


def secret_record(secret: str) -> SecretRecord:
    """Return the record of a secret by its name or ARN; empty if there is none."""
    record: SecretRecord | None = secretsmanager._resolve(secret)[1]
    return record or {}


def parameters() -> Mapping[str, ParameterRecord]:
    """Return name -> record of the parameters in the request's account and region."""
    return dict(ssm._parameters.items())
