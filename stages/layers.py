"""The built layers as CDK layer versions."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import aws_lambda as lambda_
from constructs import Construct


class BuiltLayers(Construct):
    """One layer version per built layer; `of(function)` are those that a function gets."""

    def __init__(self, scope: Construct, id_: str, *, manifest: Path) -> None:
        super().__init__(scope, id_)
        built: dict[str, Any] = json.loads(manifest.read_text())
        self.runtime = lambda_.Runtime(f"python{built['target']['python']}", lambda_.RuntimeFamily.PYTHON)
        self.architecture = lambda_.Architecture.custom(built["target"]["architecture"])
        self._versions = [
            (
                lambda_.LayerVersion(
                    self,
                    layer["name"],
                    code=lambda_.Code.from_asset(
                        str(manifest.parent / Path(layer["zip"]).name), asset_hash=layer["sha256"]
                    ),
                    compatible_runtimes=[self.runtime],
                    compatible_architectures=[self.architecture],
                ),
                frozenset(layer["functions"]),
            )
            for layer in built["layers"]
        ]

    def of(self, function: str) -> list[lambda_.ILayerVersion]:
        """The layers of one function, the shared one first."""
        return [version for version, functions in self._versions if function in functions]
