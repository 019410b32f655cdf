"""The versions of the tools that CDK's generated builds install, from package.json."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pins:
    """Exact versions of the CDK CLI and of cdk-assets."""

    cdk: str
    cdk_assets: str

    @classmethod
    def read(cls, package_json: Path) -> "Pins":
        """Read the versions. Raises KeyError if package.json lacks one."""
        versions = json.loads(package_json.read_text())["devDependencies"]
        return cls(cdk=versions["aws-cdk"], cdk_assets=versions["cdk-assets"])
