"""Parameters and secrets for a build, read with the credentials of its role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.codebuild.environment import UnknownValue


class AwsLookup:
    """Reads parameters and secrets. client: returns a client of a service, with the credentials of the build's role."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def parameter(self, name: str) -> str:
        try:
            answer = self._client("ssm").get_parameters(Names=[name], WithDecryption=True)
        except (ClientError, BotoCoreError) as error:
            raise UnknownValue(f"{name}: {error}", "Decrypted Variables Error") from error
        if not answer["Parameters"]:
            raise UnknownValue(f"parameter does not exist: {name}", "Decrypted Variables Error")
        return str(answer["Parameters"][0]["Value"])

    def secret(self, secret_id: str, *, stage: str, version: str) -> str:
        which = {"VersionStage": stage} if stage else {"VersionId": version} if version else {}
        try:
            answer = self._client("secretsmanager").get_secret_value(SecretId=secret_id, **which)
        except (ClientError, BotoCoreError) as error:
            raise UnknownValue(f"{secret_id}: {error}", "Secrets Manager Error") from error
        return str(answer["SecretString"])
