"""Parameters and secrets for a build, read with the credentials of its role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, overload

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.codebuild.environment import UnknownValue

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_secretsmanager.type_defs import GetSecretValueRequestTypeDef
    from types_boto3_ssm import SSMClient


class ClientOf(Protocol):
    """Makes a client of a service."""

    @overload
    def __call__(self, service: Literal["ssm"], /) -> SSMClient: ...
    @overload
    def __call__(self, service: Literal["secretsmanager"], /) -> SecretsManagerClient: ...


class AwsLookup:
    """Reads parameters and secrets. client: returns a client of a service, with the credentials of the build's role."""

    def __init__(self, client: ClientOf) -> None:
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
        request: GetSecretValueRequestTypeDef = {"SecretId": secret_id}
        if stage:
            request["VersionStage"] = stage
        elif version:
            request["VersionId"] = version
        try:
            answer = self._client("secretsmanager").get_secret_value(**request)
        except (ClientError, BotoCoreError) as error:
            raise UnknownValue(f"{secret_id}: {error}", "Secrets Manager Error") from error
        return str(answer["SecretString"])
