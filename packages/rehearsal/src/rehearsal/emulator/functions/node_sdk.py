"""The AWS SDK of Lambda's Node.js runtimes: npm installs each package before the first call that needs it.

Runtimes up to nodejs16.x have version 2, which is one package; later ones have the packages of version 3.
Source: AWS Lambda developer guide, "Building Lambda functions with Node.js", runtime-included SDK versions.
"""

from __future__ import annotations

import io
import json
import logging
import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from rehearsal.emulator.ministack.port.function_records import FunctionConfig
from rehearsal.host.checked_command import CommandFailed
from rehearsal.host.node import NodeNotFound, npm_install

LAST_WITH_VERSION_2 = 16
_PACKAGE = re.compile(r"@aws-sdk/(?:client|lib|util|credential)-[a-z0-9-]*[a-z0-9]")
_VERSION_2 = re.compile(r"""(?:require\(|from )\s*["']aws-sdk["'/]""")
_CALLED_SERVICE = re.compile(r'"service":\s*"([\w@/ -]+)')
_SOURCES, _LARGEST = {".js", ".cjs", ".mjs"}, 20_000_000
# Services of version 2, as AwsCustomResource names them, whose version 3 package has another name.
_CLIENTS = {
    "apigateway": "api-gateway",
    "cloudwatchevents": "cloudwatch-events",
    "cloudwatchlogs": "cloudwatch-logs",
    "cognitoidentityserviceprovider": "cognito-identity-provider",
    "elbv2": "elastic-load-balancing-v2",
    "route53": "route-53",
    "secretsmanager": "secrets-manager",  # pragma: allowlist secret
    "stepfunctions": "sfn",
}

log = logging.getLogger(__name__)


def sdk_modules(folder: Path, version: int) -> Path:
    """Return the node_modules with the SDK for a version of Node.js. folder: the folder of SDKs."""
    return (folder / "v2" if version <= LAST_WITH_VERSION_2 else folder) / "node_modules"


class NodeSdk:
    """Installs SDK packages below `folder`, each once; without a package registry only functions that need one fail."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._read: set[tuple[int, str]] = set()
        self._tried: set[str] = set()

    def provide(self, config: FunctionConfig, code: bytes, event: object) -> None:
        """Install what the code of a Node.js function imports, and the clients that a custom resource's event names.

        Raises BadZipFile.
        """
        version = node_version(config["Runtime"])
        names = set() if version <= LAST_WITH_VERSION_2 else called_clients(event)
        read = (version, str(config.get("CodeSha256")))
        with self._lock:
            if read not in self._read:
                names |= imported_packages(version, code)
                self._read.add(read)
            modules = sdk_modules(self._folder, version)
            missing = [name for name in sorted(names - self._tried) if not (modules / name).is_dir()]
            self._tried |= names
            if missing:
                _install(modules.parent, missing, 2 if version <= LAST_WITH_VERSION_2 else 3)


def node_version(runtime: str) -> int:
    """Return the version of a runtime such as nodejs22.x."""
    number = re.search(r"\d+", runtime)
    return int(number[0]) if number else 0


def imported_packages(version: int, code: bytes) -> set[str]:
    """Return the SDK packages that a function's code imports, without what the packages in its code import."""
    if version <= LAST_WITH_VERSION_2:
        return {"aws-sdk"} if any(_VERSION_2.search(text) for text in _texts(code)) else set()
    return {name for text in _texts(code) for name in _PACKAGE.findall(text)}


def called_clients(event: object) -> set[str]:
    """Return the client packages of the services that an AwsCustomResource's event names, in its calls' JSON."""
    properties = event.get("ResourceProperties") if isinstance(event, Mapping) else None
    values = properties.values() if isinstance(properties, Mapping) else ()
    calls = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return {_client(service) for call in calls for service in _CALLED_SERVICE.findall(call)}


def _texts(code: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        for file in archive.infolist():
            path = PurePosixPath(file.filename)
            if path.suffix in _SOURCES and "node_modules" not in path.parts and file.file_size < _LARGEST:
                yield archive.read(file).decode(errors="replace")


def _client(service: str) -> str:
    if service.startswith("@aws-sdk/"):
        return service
    lowered = service.lower().replace(" ", "-").removeprefix("client-")
    return f"@aws-sdk/client-{_CLIENTS.get(lowered, lowered)}"


def _install(folder: Path, names: list[str], major: int) -> None:
    packages = [f"{name}@{major}" for name in names]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        npm_install(folder, packages)
    except (NodeNotFound, CommandFailed) as error:
        reason = error.output if isinstance(error, CommandFailed) else str(error)
        log.warning("functions of Node go without %s: %s", ", ".join(packages), reason[-500:])
