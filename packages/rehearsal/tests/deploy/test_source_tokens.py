"""Placeholders for the OAuth tokens of GitHub sources, because the rehearsal does not call GitHub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsal.aws import root
from rehearsal.codebuild.environment import PLACEHOLDER
from rehearsal.deploy.source_tokens import Token, provide_source_tokens, source_tokens
from rehearsal.project.cloud_assembly import Assembly, PipelineResource, Stack
from rehearsal.project.template_types import ActionProperties
from tests.conftest import ACCOUNT, REGION, Embedded


def assembly(token: Any, provider: str = "GitHub") -> Assembly:
    """Return a pipeline with one source."""
    action: ActionProperties = {
        "Name": "Code",
        "ActionTypeId": {"Provider": provider},
        "Configuration": {"OAuthToken": token},
    }
    stack = Stack("Top", "Top", ACCOUNT, REGION, Path("top.template.json"))
    pipeline = PipelineResource(stack, "Pipeline", {"Stages": [{"Name": "Source", "Actions": [action]}]})
    return Assembly(Path(), pipeline, (stack,))


@pytest.mark.parametrize(
    ("token", "found"),
    [
        ("{{resolve:secretsmanager:github-token:SecretString:::}}", [Token("github-token")]),
        ("{{resolve:secretsmanager:github:SecretString:token::}}", [Token("github", "token")]),
        ("{{resolve:secretsmanager:github-token}}", [Token("github-token")]),
        ("{{resolve:ssm:github-token}}", []),
        ({"Ref": "Token"}, []),
    ],
)
def test_tokens_are_those_that_a_github_source_names(token: Any, found: list[Token]) -> None:
    """Only Secrets Manager references of GitHub sources are tokens."""
    assert [*source_tokens(assembly(token))] == found
    assert [*source_tokens(assembly(token, "CodeCommit"))] == []


def test_a_missing_secret_is_created_and_reported_and_another_one_is_kept(embedded: Embedded) -> None:
    """A missing secret is created once, in the form that the source reads; an existing secret is not changed."""
    said, api = list[str](), embedded.client("secretsmanager")
    missing, kept = embedded.name("missing"), embedded.name("kept")
    api.create_secret(Name=kept, SecretString="own")  # pragma: allowlist secret
    for name, key in ((missing, "token"), (kept, "")):
        cloud = assembly(f"{{{{resolve:secretsmanager:{name}:SecretString:{key}::}}}}")
        for _ in range(2):
            provide_source_tokens(cloud, embedded.endpoint, root(ACCOUNT), said.append)
    assert api.get_secret_value(SecretId=missing)["SecretString"] == f'{{"token": "{PLACEHOLDER}"}}'
    assert api.get_secret_value(SecretId=kept)["SecretString"] == "own"  # pragma: allowlist secret
    assert [line.split(" of the ")[0] for line in said] == [f"the secret {missing}"]
