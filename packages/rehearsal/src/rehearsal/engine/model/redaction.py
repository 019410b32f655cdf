"""Redact secrets from pipeline definitions.

Source: AWS CodePipeline user guide, "CodePipeline pipeline structure reference": four asterisks mask a secret.
"""

from __future__ import annotations

from typing import Any

MASK = "****"


def redact_tokens(value: Any) -> Any:
    """Return a declaration with the OAuthToken of GitHub (version 1) masked; the rehearsal does not need it."""
    if isinstance(value, list):
        return [redact_tokens(each) for each in value]
    if isinstance(value, dict):
        return {key: MASK if key == "OAuthToken" else redact_tokens(each) for key, each in value.items()}
    return value
