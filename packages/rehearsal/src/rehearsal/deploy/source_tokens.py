"""Placeholders for the tokens of GitHub sources: the rehearsal reads the local repository, and calls no GitHub API.

Source: AWS CodePipeline user guide, "GitHub (via OAuth app) source action reference", OAuthToken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rehearsal.deploy.bootstrap import ReportProgress
from rehearsal.deploy.placeholders import create_missing_secret
from rehearsal.engine.endpoint import Credentials, Endpoint
from rehearsal.project.cloud_assembly import Assembly

_REFERENCE = re.compile(r"\{\{resolve:secretsmanager:([^:}]+)(?::SecretString:([^:}]*)[^}]*)?\}\}")


@dataclass(frozen=True)
class Token:
    """The secret with a source's token. key: of the JSON in the secret; empty where the secret is the token."""

    secret: str
    key: str = ""


def provide_source_tokens(assembly: Assembly, endpoint: Endpoint, owner: Credentials, tell: ReportProgress) -> None:
    """Create the missing secrets of GitHub sources, and report each one: on AWS it has to hold a token.

    owner: root of the pipeline's account.
    """
    api = endpoint.client("secretsmanager", owner, assembly.pipeline_stack.region)
    for token in dict.fromkeys(source_tokens(assembly)):
        if create_missing_secret(api, token.secret, [token.key] if token.key else []):
            tell(f"the secret {token.secret} of the GitHub source has a placeholder; on AWS it has to hold a token")


def source_tokens(assembly: Assembly) -> Iterator[Token]:
    """Yield the secrets with the OAuth tokens of the pipeline's GitHub sources."""
    for stage in assembly.pipeline.properties.get("Stages", []):
        for action in stage.get("Actions", []):
            token = action.get("Configuration", {}).get("OAuthToken")
            if action["ActionTypeId"]["Provider"] == "GitHub" and isinstance(token, str):
                yield from (Token(name, key or "") for name, key in _REFERENCE.findall(token))
