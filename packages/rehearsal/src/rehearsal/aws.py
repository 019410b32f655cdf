"""Credentials for the embedded AWS, as clients and as environment variables; never the user's own."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.session import Session

from rehearsal.engine.endpoint import Credentials
from rehearsal.host.host_environment import NO_AWS_FILES

# In the folder of a bundle that trusts it: the certificate of the embedded AWS's authority.
AUTHORITY = "authority.pem"
# Beside it: what leads the connections of Node to AWS's host names to the embedded AWS.
NODE_HOSTS = "aws-hosts.cjs"
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy")
_NO_PROXY = ("NO_PROXY", "no_proxy")
# Not the machine's own list: it may hold AWS's names, and the proxy keeps to it for all others.
_LOCAL_HOSTS = "127.0.0.1,localhost,::1"


def root(account: str) -> Credentials:
    """The root user of `account`: its access key is the account id, and its secret is the endpoint's."""
    return Credentials(account, "")


# Clients are thread-safe; sessions are not.
_SESSION_LOCK = threading.Lock()
_CLIENTS = 64
_open_clients: weakref.WeakSet[Any] = weakref.WeakSet()


@cache
def _session() -> Session:
    """botocore's: what boto3 adds to it takes a third longer to import."""
    return Session()


@dataclass(frozen=True)
class Endpoint:
    """Where the embedded AWS listens.

    iam: whether policies are enforced. ca: the bundle that verifies it where it speaks TLS. secret: every root user's.
    proxy: the URL of the proxy that leads AWS's host names here.
    """

    url: str
    iam: bool = False
    ca: Path | None = None
    secret: str = "rehearsal"  # noqa: S105 - without IAM it is not checked
    proxy: str = ""

    @property
    def authority(self) -> Path | None:
        """The one certificate that verifies it: next to the bundle, and read in a twentieth of the time."""
        return self.ca.with_name(AUTHORITY) if self.ca else None

    def client(self, service: str, credentials: Credentials, region: str) -> Any:
        """A client of `service`; who asks again gets the same one, with its connections."""
        with _SESSION_LOCK:
            return _client(self, service, credentials, region)

    def environ(self, credentials: Credentials, region: str) -> dict[str, str]:
        """The variables with which the AWS CLI, every SDK and the CDK CLI work against the embedded AWS."""
        variables = {"AWS_ENDPOINT_URL": self.url, **self._credentials(credentials, region)}
        if self.ca:
            variables |= ca_bundle_variables(self.ca)
        return variables

    def build_environ(self, credentials: Credentials, region: str) -> dict[str, str]:
        """The variables of a build: it reaches the embedded AWS under AWS's own host names, as it would AWS."""
        return {**self._credentials(credentials, region), **self.host_names()}

    def host_names(self) -> dict[str, str]:
        """The variables with which AWS's host names lead here, and its certificates for them are trusted."""
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
def _client(endpoint: Endpoint, service: str, credentials: Credentials, region: str) -> Any:
    """Made by the one session, which reads each service's model once."""
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


def service_model(service: str) -> Any:
    """Return botocore's model of the service; None where it has none of that name."""
    with _SESSION_LOCK:
        try:
            return _session().get_service_model(service)
        except UnknownServiceError:
            return None


def close_clients() -> None:
    """Close the connections that clients keep open, for which an embedded AWS that ends would wait."""
    with _SESSION_LOCK:
        _client.cache_clear()
        for client in list(_open_clients):
            client.close()


def download_object(s3: Any, bucket: str, key: str, file: Path, version: str | None = None) -> Mapping[str, Any]:
    """Write an object to `file`; what GetObject answered. Raises ClientError.

    By one request: boto3's download_file asks for the size before, and starts threads.
    """
    wanted = {"VersionId": version} if version else {}
    answer: Mapping[str, Any] = s3.get_object(Bucket=bucket, Key=key, **wanted)
    with file.open("wb") as out:
        for chunk in answer["Body"].iter_chunks(1 << 20):
            out.write(chunk)
    return answer


def ca_bundle_variables(bundle: Path) -> dict[str, str]:
    """The variables with which AWS's tools and SDKs in any language, and package managers, trust `bundle`."""
    names = ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    return dict.fromkeys(names, str(bundle))
