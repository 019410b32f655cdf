"""Clients and environment variables for the embedded AWS; the user's own AWS settings are never used."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials as SigningCredentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.session import Session

from rehearsal.engine.endpoint import Credentials
from rehearsal.host.host_environment import NO_AWS_FILES

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef, GetObjectRequestTypeDef

# Next to the CA bundle: the certificate of the embedded AWS's certificate authority.
AUTHORITY = "authority.pem"
# Next to the CA bundle: a script that connects Node.js to the embedded AWS for AWS's host names.
NODE_HOSTS = "aws-hosts.cjs"
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy")
_NO_PROXY = ("NO_PROXY", "no_proxy")
# Replaces the machine's NO_PROXY, which may have AWS's names; the proxy applies that list to all other hosts.
_LOCAL_HOSTS = "127.0.0.1,localhost,::1"


def root(account: str) -> Credentials:
    """Return the credentials of an account's root user: the account id, and the endpoint's secret."""
    return Credentials(account, "")


# Clients are thread-safe; sessions are not.
_SESSION_LOCK = threading.Lock()
_CLIENTS = 64
_open_clients: weakref.WeakSet[BaseClient] = weakref.WeakSet()


class _FolderLoader(Loader):
    """Knows services by the names of folders; botocore looks into each of the 430 folders twice, which takes 16 ms."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - the argument is botocore's
        """Return the names of all services, whichever types of model they have."""
        return self._services

    @cached_property
    def _services(self) -> list[str]:
        folders = [Path(folder) for folder in self.search_paths]
        return [path.name for folder in folders if folder.is_dir() for path in folder.iterdir()]


@cache
def _session() -> Session:
    """A botocore session: boto3 would take a third longer to import."""
    session = Session()
    session.register_component("data_loader", _FolderLoader())
    return session


@dataclass(frozen=True)
class Endpoint:
    """The address of the embedded AWS, and clients for it.

    iam: whether policies are enforced. ca: the CA bundle, where it uses TLS. secret: the secret key of every root user.
    proxy: the URL of the proxy that routes AWS's host names to it.
    """

    url: str
    iam: bool = False
    ca: Path | None = None
    secret: str = "rehearsal"  # noqa: S105 - without IAM it is not checked
    proxy: str = ""

    @property
    def authority(self) -> Path | None:
        """The certificate of its authority, which is read in a twentieth of the time of the whole bundle."""
        return self.ca.with_name(AUTHORITY) if self.ca else None

    def client(self, service: str, credentials: Credentials, region: str) -> Any:
        """Return a botocore client; the same arguments return the same client, with its open connections."""
        with _SESSION_LOCK:
            return _client(self, service, credentials, region)

    def post(
        self, service: str, target: str, request: Mapping[str, object], credentials: Credentials, region: str
    ) -> dict[str, object]:
        """Send one signed request for an operation that AWS's models do not have; its answer. Raises ClientError.

        target: the header X-Amz-Target, which names the operation. request: is sent as JSON.
        """
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
        message = AWSRequest("POST", f"{self.url}/", headers, data=json.dumps(request))
        keys = SigningCredentials(credentials.access_key, credentials.secret_key or self.secret, credentials.token)
        SigV4Auth(keys, service, region).add_auth(message)
        verify = str(self.authority) if self.authority else True
        session = URLLib3Session(verify=verify, proxies={})  # type: ignore[arg-type] # a path is allowed too
        answer = session.send(message.prepare())
        body: dict[str, object] = json.loads(answer.text or "{}")
        if answer.status_code != HTTPStatus.OK:
            raise ClientError({"Error": {"Code": str(body.get("__type")), "Message": str(body.get("message"))}}, target)
        return body

    def environ(self, credentials: Credentials, region: str) -> dict[str, str]:
        """Return the variables by which the AWS CLI, every SDK and the CDK CLI use the embedded AWS."""
        variables = {"AWS_ENDPOINT_URL": self.url, **self._credentials(credentials, region)}
        if self.ca:
            variables |= ca_bundle_variables(self.ca)
        return variables

    def build_environ(self, credentials: Credentials, region: str) -> dict[str, str]:
        """Return the variables of a build, which reaches the embedded AWS by AWS's host names."""
        return {**self._credentials(credentials, region), **self.host_names()}

    def host_names(self) -> dict[str, str]:
        """Return the variables that route AWS's host names to the embedded AWS, and trust its certificates."""
        if not self.ca:
            return {}
        return {
            **dict.fromkeys(_PROXIES, self.proxy),
            **dict.fromkeys(_NO_PROXY, _LOCAL_HOSTS),
            **ca_bundle_variables(self.ca),
            "CURL_CA_BUNDLE": str(self.ca),
            "NODE_OPTIONS": f'--require="{self.ca.with_name(NODE_HOSTS)}"',
        }

    def _credentials(self, credentials: Credentials, region: str) -> dict[str, str]:
        variables = {
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key or self.secret,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            **NO_AWS_FILES,
        }
        if credentials.token:
            variables["AWS_SESSION_TOKEN"] = credentials.token
        return variables


@lru_cache(_CLIENTS)
def _client(endpoint: Endpoint, service: str, credentials: Credentials, region: str) -> BaseClient:
    """A client of the shared session, which reads each service's model once."""
    config = Config(
        s3={"addressing_style": "path"},
        retries={"mode": "standard", "max_attempts": 3},
        read_timeout=600,
        parameter_validation=True,
    )
    client = _session().create_client(
        service,
        region,
        endpoint_url=endpoint.url,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key or endpoint.secret,
        aws_session_token=credentials.token,
        config=config,
        verify=str(endpoint.authority) if endpoint.authority else None,
    )
    _open_clients.add(client)
    return client


def service_model(service: str) -> ServiceModel:
    """Return botocore's model of the service. Raises UnknownServiceError."""
    with _SESSION_LOCK:
        return _session().get_service_model(service)


def close_clients() -> None:
    """Close the open connections of all clients, because the embedded AWS waits for them at its end."""
    with _SESSION_LOCK:
        _client.cache_clear()
        for client in list(_open_clients):
            client.close()


def download_object(
    s3: S3Client, bucket: str, key: str, file: Path, version: str | None = None
) -> GetObjectOutputTypeDef:
    """Write an object to `file`; return the response of GetObject. Raises ClientError.

    One request is enough: boto3's download_file would first request the size, and start threads.
    """
    request: GetObjectRequestTypeDef = {"Bucket": bucket, "Key": key}
    if version:
        request["VersionId"] = version
    answer = s3.get_object(**request)
    with file.open("wb") as out:
        for chunk in answer["Body"].iter_chunks(1 << 20):
            out.write(chunk)
    return answer


def ca_bundle_variables(bundle: Path) -> dict[str, str]:
    """Return the variables by which AWS's tools, SDKs in any language and package managers trust the embedded AWS.

    AWS's SDKs for Python read their certificates for each connection, so they get only the authority: 1 ms, not 20.
    """
    names = ("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    return {"AWS_CA_BUNDLE": str(bundle.with_name(AUTHORITY)), **dict.fromkeys(names, str(bundle))}
