"""The build of one layer from its packages: the zip, its bill of materials, and its entry in layers.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lambda_layers import manifest
from lambda_layers.builder import cache, sbom, verify, zip_archive
from lambda_layers.builder.built_package import BuiltPackage
from lambda_layers.builder.package_builder import PackageBuilder
from lambda_layers.locks import lockfile
from lambda_layers.selection.function_layers import LayerPlan

if TYPE_CHECKING:
    from lambda_layers.manifest_records import LayerRecord, PackageRecord


def build_layer(
    builder: PackageBuilder, plan: LayerPlan, packages: Mapping[str, BuiltPackage]
) -> tuple[LayerRecord, dict[str, str]]:
    """Return a layer's entry in layers.json, and path -> digest of its files, which are written and cached."""
    shipped = [packages[pin.name] for pin in plan.pins]
    left_out = [packages[pin.name] for pin in plan.left_out]
    provided = plan.provided | {package.name for package in left_out}
    verify.check_dependencies(plan.name, shipped, provided, lockfile.existing(builder.root))
    with builder.cache.scratch() as scratch:
        zipped = scratch / "layer.zip"
        archive = zip_archive.write(zipped, (file for package in shipped for file in builder.packed_files(package)))
        builder.cache.keep_moved(zipped, archive.digest)
    bill = sbom.cyclonedx_json(plan.name, archive.digest, shipped).encode()
    builder.cache.keep_bytes(bill, cache.digest(bill))
    path = (manifest.MANIFEST_PATH.parent / f"{plan.name}-{archive.digest}").as_posix()
    layer: LayerRecord = {
        "name": plan.name,
        "zip": f"{path}.zip",
        "sha256": archive.digest,
        "bytes": archive.size,
        "unzipped_bytes": archive.unzipped,
        "functions": list(plan.functions),
        "packages": _package_records(shipped),
        "left_out": _package_records(left_out),
        "sbom": f"{path}.cdx.json",
    }
    return layer, {layer["zip"]: archive.digest, layer["sbom"]: cache.digest(bill)}


def _package_records(packages: Sequence[BuiltPackage]) -> list[PackageRecord]:
    return [{"name": package.name, "version": package.version, "bytes": package.size} for package in packages]
