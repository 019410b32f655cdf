"""The AWS SDK for JavaScript for Node.js functions: Lambda's runtimes include it, so npm installs it once.

Runtimes up to nodejs16.x have version 2, which is one package; later ones have the packages of version 3.
Source: AWS Lambda developer guide, "Building Lambda functions with Node.js", runtime-included SDK versions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from rehearsal.host.processes import CommandFailed
from rehearsal.project.cdk_cli import Cdk
from rehearsal.project.cloud_assembly import Assembly
from rehearsal.workspace.layout import Workspace

_PACKAGE = re.compile(r"@aws-sdk/(?:client|lib|util|credential)-[a-z0-9-]*[a-z0-9]")
# In a template, inline code has its quotes escaped.
_VERSION_2 = re.compile(r"""(?:require\(|from )\s*\\?["']aws-sdk["'/\\]""")
_RUNTIME_2 = re.compile(r'"nodejs(?:4\.3|6\.10|8\.10|1[0246]\.x)"')
_CALLED_SERVICE = re.compile(r'\\?"service\\?":\s*\\?"([\w@/ -]+)')
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


def ensure_node_sdk(space: Workspace, cloud: Assembly, cdk: Cdk, tell: Callable[[str], None]) -> None:
    """Install the SDK packages that the app's Node.js functions import and that are not installed yet.

    Without a package registry only the functions that import a missing package fail.
    """
    _install(space.node_sdk, 3, packages(cloud), cloud, cdk, tell)
    if uses_version_2(cloud):
        _install(space.node_sdk / "v2", 2, {"aws-sdk"}, cloud, cdk, tell)


def _install(  # noqa: PLR0917 - what the caller has
    folder: Path, version: int, names: set[str], cloud: Assembly, cdk: Cdk, tell: Callable[[str], None]
) -> None:
    missing = [name for name in sorted(names) if not (folder / "node_modules" / name).is_dir()]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    tell(f"installing {', '.join(missing)} for functions of Node")
    words = [
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--prefix",
        str(folder),
        *(f"{name}@{version}" for name in missing),
    ]
    try:
        cdk.run("npm-aws-sdk", words, folder, cloud.pipeline.account, cloud.pipeline.region)
    except CommandFailed as error:
        tell(f"functions of Node go without {', '.join(missing)}: {str(error).splitlines()[0]}")


def uses_version_2(cloud: Assembly) -> bool:
    """Return whether code imports version 2 of the SDK, and a function has a runtime that includes it."""
    templates = [stack.template.read_text() for stack in cloud.stacks]
    if not any(_RUNTIME_2.search(text) for text in templates):
        return False
    return any(_VERSION_2.search(text) for text in (*templates, *_codes(cloud.folder)))


def packages(cloud: Assembly) -> set[str]:
    """Return the SDK packages that the code in assets imports, and those of services that AwsCustomResource calls."""
    named = {name for text in _codes(cloud.folder) for name in _PACKAGE.findall(text)}
    services = {name for stack in cloud.stacks for name in _called_services(stack.template)}
    return named | {_client(name) for name in services}


def _codes(folder: Path) -> Iterator[str]:
    for asset in folder.glob("asset.*"):
        for file in sorted(asset.rglob("*")) if asset.is_dir() else ():
            if file.suffix in _SOURCES and "node_modules" not in file.parts and file.stat().st_size < _LARGEST:
                yield file.read_text(errors="replace")


def _called_services(template: Path) -> Iterator[str]:
    for resource in json.loads(template.read_text()).get("Resources", {}).values():
        if resource["Type"].startswith("Custom::"):
            yield from _CALLED_SERVICE.findall(json.dumps(resource.get("Properties", {})))


def _client(service: str) -> str:
    if service.startswith("@aws-sdk/"):
        return service
    lowered = service.lower().replace(" ", "-").removeprefix("client-")
    return f"@aws-sdk/client-{_CLIENTS.get(lowered, lowered)}"
