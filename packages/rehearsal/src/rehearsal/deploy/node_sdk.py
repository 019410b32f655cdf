"""AWS's SDK for JavaScript for functions of Node: Lambda's runtime has it, and npm brings it here once.

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
_CALLED_SERVICE = re.compile(r'\\?"service\\?":\s*\\?"([\w@/ -]+)')
_SOURCES, _LARGEST = {".js", ".cjs", ".mjs"}, 20_000_000
# AwsCustomResource takes names of version 2, of which the packages' names are not the same in lower case.
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
    """Install the packages of the SDK that the app's functions of Node name and that are not here yet.

    Without a registry only the functions that need them fail, with their name.
    """
    folder = space.node_sdk
    missing = [name for name in sorted(packages(cloud)) if not (folder / "node_modules" / name).is_dir()]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    tell(f"installing {', '.join(missing)} for functions of Node")
    words = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), *(f"{name}@3" for name in missing)]
    try:
        cdk.run("npm-aws-sdk", words, folder, cloud.pipeline.account, cloud.pipeline.region)
    except CommandFailed as error:
        tell(f"functions of Node go without {', '.join(missing)}: {str(error).splitlines()[0]}")


def packages(cloud: Assembly) -> set[str]:
    """The packages of the SDK that the code of assets names, and those of the services that AwsCustomResource calls."""
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
