"""Secrets of Secrets Manager and parameters of Parameter Store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import secretsmanager, ssm


def secret_record(secret: str) -> Mapping[str, Any]:
    """Return the record of a secret by its name or ARN; empty if there is none."""
    _, record = secretsmanager._resolve(secret)
    return record or {}


def parameters() -> Mapping[str, Mapping[str, Any]]:
    """Return the parameters of the request's account and region by their names."""
    return dict(ssm._parameters.items())
