"""The build of one layer from its packages: the zip, its bill of materials, and its entry in layers.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lambda_layers import manifest
from lambda_layers.builder import cache, sbom, verify, zip_archive
from lambda_layers.builder.packages import BuiltPackage, PackageBuilder
from lambda_layers.locks import lockfile
from lambda_layers.selection.function_layers import LayerPlan

BuildRecord = dict[str, Any]


def build_layer(
    workshop: PackageBuilder, part: LayerPlan, pieces: Mapping[str, tuple[BuiltPackage, bytes]]
) -> BuildRecord:
    """Return a layer's entry in layers.json, and path -> digest of its files, which are written and cached."""
    held = [pieces[pin.name] for pin in part.pins]
    left_out = [pieces[pin.name][0] for pin in part.left_out]
    packages = [piece for piece, _ in held]
    provided = part.provided | {piece.name for piece in left_out}
    verify.check_dependencies(part.name, packages, provided, lockfile.existing(workshop.root))
    with workshop.cache.scratch() as scratch:
        made, described = scratch / "layer.zip", scratch / "sbom.json"
        unzipped = zip_archive.write(made, (cut for piece, blob in held for cut in piece.unpack_blob(blob)))
        digest = cache.sha256(made) or ""
        described.write_text(sbom.cyclonedx_json(part.name, digest, packages))
        folder = manifest.MANIFEST_PATH.parent / f"{part.name}-{digest}"
        files = {f"{folder.as_posix()}.zip": made, f"{folder.as_posix()}.cdx.json": described}
        placed = {path: _store_and_place(workshop, file, path) for path, file in files.items()}
        size = made.stat().st_size
    zipped, bill = placed
    entry = {"name": part.name, "zip": zipped, "sha256": digest, "bytes": size, "unzipped_bytes": unzipped}
    entry |= {
        "functions": list(part.functions),
        "packages": _package_records(packages),
        "left_out": _package_records(left_out),
        "sbom": bill,
    }
    return {"layer": entry, "files": placed}


def _store_and_place(workshop: PackageBuilder, file: Path, path: str) -> str:
    digest = cache.sha256(file) or ""
    workshop.cache.keep_file(file, digest)
    cache.copy_atomically(file, workshop.root / path)
    return digest


def _package_records(pieces: Sequence[BuiltPackage]) -> list[BuildRecord]:
    return [{"name": piece.name, "version": piece.version, "bytes": piece.size} for piece in pieces]
