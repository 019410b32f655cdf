"""Redact secrets from pipeline definitions.

Source: AWS CodePipeline user guide, "CodePipeline pipeline structure reference": four asterisks mask a secret.
"""

from __future__ import annotations

from collections.abc import Mapping

MASK = "****"


def redact_tokens(declaration: Mapping[str, object]) -> dict[str, object]:
    """Return a declaration with the OAuthToken of GitHub (version 1) masked; the rehearsal does not need it."""
    return {key: MASK if key == "OAuthToken" else _redact(value) for key, value in declaration.items()}


def _redact(value: object) -> object:
    if isinstance(value, list):
        return [_redact(inner) for inner in value]
    return redact_tokens(value) if isinstance(value, Mapping) else value
