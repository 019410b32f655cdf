"""The build of one layer from its packages: the zip, its bill of materials, and its entry in layers.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lambda_layers import manifest
from lambda_layers.builder import cache, sbom, verify, zip_archive
from lambda_layers.builder.package import BuiltPackage
from lambda_layers.builder.packages import PackageBuilder
from lambda_layers.locks import lockfile
from lambda_layers.selection.function_layers import LayerPlan

if TYPE_CHECKING:
    from lambda_layers.manifest_records import LayerRecord, PackageRecord


def build_layer(
    workshop: PackageBuilder, part: LayerPlan, packages: Mapping[str, BuiltPackage]
) -> tuple[LayerRecord, dict[str, str]]:
    """Return a layer's entry in layers.json, and path -> digest of its files, which are written and cached."""
    held = [packages[pin.name] for pin in part.pins]
    left_out = [packages[pin.name] for pin in part.left_out]
    provided = part.provided | {package.name for package in left_out}
    verify.check_dependencies(part.name, held, provided, lockfile.existing(workshop.root))
    with workshop.cache.scratch() as scratch:
        zipped = scratch / "layer.zip"
        archive = zip_archive.write(zipped, (file for package in held for file in workshop.packed_files(package)))
        bill = sbom.cyclonedx_json(part.name, archive.digest, held).encode()
        path = (manifest.MANIFEST_PATH.parent / f"{part.name}-{archive.digest}").as_posix()
        files = {f"{path}.zip": archive.digest, f"{path}.cdx.json": cache.digest(bill)}
        workshop.cache.keep_moved(zipped, archive.digest)
        workshop.cache.keep_bytes(bill, cache.digest(bill))
    layer: LayerRecord = {
        "name": part.name,
        "zip": f"{path}.zip",
        "sha256": archive.digest,
        "bytes": archive.size,
        "unzipped_bytes": archive.unzipped,
        "functions": list(part.functions),
        "packages": _package_records(held),
        "left_out": _package_records(left_out),
        "sbom": f"{path}.cdx.json",
    }
    return layer, files


def _package_records(packages: Sequence[BuiltPackage]) -> list[PackageRecord]:
    return [{"name": package.name, "version": package.version, "bytes": package.size} for package in packages]
