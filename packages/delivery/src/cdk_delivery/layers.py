"""The built layers as CDK layer versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from aws_cdk import CfnResource
from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from lambda_layers.manifest import Layer, read


@dataclass(frozen=True)
class FunctionLayer:
    """One layer of a function, and the digest of its bytes."""

    version: lambda_.LayerVersion
    digest: str


class BuiltLayers(Construct):
    """One layer version per built layer of the manifest; `layers_of(function)` are those that a function gets."""

    def __init__(self, scope: Construct, id_: str, *, manifest: Path) -> None:
        super().__init__(scope, id_)
        self._built = read(manifest)
        self._folder = manifest.parent
        self.runtime = runtime_of(manifest)
        self.architecture = lambda_.Architecture.custom(self._built.architecture)
        self._versions = {layer.name: self._version(layer) for layer in self._built.layers}

    def layers_of(self, function: str) -> Sequence[FunctionLayer]:
        """The layers of one function, the shared one first."""
        return [FunctionLayer(self._versions[layer.name], layer.sha256) for layer in self._built.layers_of(function)]

    def _version(self, layer: Layer) -> lambda_.LayerVersion:
        # The digest of the bytes is the asset's hash, so the same lock deploys no new version.
        archive = lambda_.Code.from_asset(str(self._folder / Path(layer.zip).name), asset_hash=layer.sha256)
        version = lambda_.LayerVersion(
            self,
            layer.name,
            code=archive,
            compatible_runtimes=[self.runtime],
            compatible_architectures=[self.architecture],
        )
        # What is deployed tells its packages by itself, so that a later push can be compared with it.
        packages = {package.name: package.version for package in layer.packages}
        resource = cast("CfnResource", version.node.default_child)
        resource.add_metadata("packages", {"layer": layer.name, "versions": packages})
        return version


def runtime_of(manifest: Path) -> lambda_.Runtime:
    """The runtime that the layers of a manifest were built for."""
    return lambda_.Runtime(f"python{read(manifest).python}", lambda_.RuntimeFamily.PYTHON, supports_inline_code=True)
