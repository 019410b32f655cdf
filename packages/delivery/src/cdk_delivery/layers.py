"""The built layers as CDK layer versions, and the built code of functions as assets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from aws_cdk import CfnResource
from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from lambda_layers.manifest import Layer, Manifest, NotBuilt
from lambda_layers.manifest import read as read_manifest

from cdk_delivery.errors import WrongUse


@dataclass(frozen=True)
class FunctionLayer:
    """One layer of a function, and the digest of its bytes."""

    version: lambda_.LayerVersion
    digest: str


@dataclass(frozen=True)
class FunctionCode:
    """The code of a function, and the digest of its bytes."""

    asset: lambda_.AssetCode
    digest: str


class BuiltLayers(Construct):
    """A layer version for each built layer; `layers_of` and `code_of` return what one function uses.

    manifest: the file layers.json, in the folder of the zips.
    """

    def __init__(self, scope: Construct, id_: str, *, manifest: Path) -> None:
        super().__init__(scope, id_)
        self._built = read(manifest)
        self._folder = manifest.parent
        self.runtime = runtime_of(manifest)
        self.architecture = lambda_.Architecture.custom(self._built.architecture)
        self._versions = {layer.name: self._version(layer) for layer in self._built.layers}

    def layers_of(self, function: str) -> Sequence[FunctionLayer]:
        """Return the layers of one function, the shared one first."""
        return [FunctionLayer(self._versions[layer.name], layer.sha256) for layer in self._built.layers_of(function)]

    def code_of(self, function: str) -> FunctionCode:
        """Return the built code of one function. Raises WrongUse where nothing was built for it."""
        try:
            code = self._built.code_of(function)
        except NotBuilt as error:
            raise WrongUse(str(error)) from error
        return FunctionCode(self._asset(code.zip, code.sha256), code.sha256)

    def _asset(self, archive: str, digest: str) -> lambda_.AssetCode:
        # The asset hash is the digest of the zip, so that an unchanged zip is not deployed again.
        return lambda_.Code.from_asset(str(self._folder / Path(archive).name), asset_hash=digest)

    def _version(self, layer: Layer) -> lambda_.LayerVersion:
        version = lambda_.LayerVersion(
            self,
            layer.name,
            code=self._asset(layer.zip, layer.sha256),
            compatible_runtimes=[self.runtime],
            compatible_architectures=[self.architecture],
        )
        # A later changes build reads the packages from the deployed template.
        packages = {package.name: package.version for package in layer.packages}
        resource = cast("CfnResource", version.node.default_child)
        resource.add_metadata("packages", {"layer": layer.name, "versions": packages})
        return version


def read(manifest: Path) -> Manifest:
    """Return the manifest of the built layers. Raises WrongUse if none are built."""
    try:
        return read_manifest(manifest)
    except NotBuilt as error:
        raise WrongUse(str(error)) from error


def runtime_of(manifest: Path) -> lambda_.Runtime:
    """Return the runtime that the layers of a manifest are built for."""
    return lambda_.Runtime(f"python{read(manifest).python}", lambda_.RuntimeFamily.PYTHON, supports_inline_code=True)
