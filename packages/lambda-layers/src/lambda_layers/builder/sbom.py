"""The CycloneDX bill of materials of one layer: its packages, their licences, and the hashes of installed wheels."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambda_layers.locks.pin import Source

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

    from lambda_layers.builder.installed import InstalledPackage
    from lambda_layers.builder.packages import BuiltPackage

# Serial numbers are derived from the digest, so that layers with the same bytes have the same bill.
_SERIAL_NUMBER_NAMESPACE = uuid.uuid5(
    uuid.NAMESPACE_URL, "https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html"
)


def cyclonedx_json(layer: str, digest: str, pieces: Sequence[BuiltPackage]) -> str:
    """Return the bill of the layer with this digest, as CycloneDX 1.6 JSON, without time and paths."""
    from cyclonedx.model import HashAlgorithm, HashType  # noqa: PLC0415 - a build that reuses never needs it
    from cyclonedx.model.bom import Bom, BomMetaData  # noqa: PLC0415
    from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415
    from cyclonedx.output.json import JsonV1Dot6  # noqa: PLC0415

    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest)]
    subject = Component(name=layer, type=ComponentType.CONTAINER, bom_ref=layer, hashes=hashes)
    parts = {piece.name: _component(piece) for piece in pieces}
    bom = Bom(components=parts.values(), serial_number=uuid.uuid5(_SERIAL_NUMBER_NAMESPACE, digest))
    bom.metadata = BomMetaData(component=subject)
    bom.register_dependency(subject, parts.values())
    for piece in pieces:
        bom.register_dependency(parts[piece.name], [parts[name] for name in piece.needs if name in parts])
    found: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    found["metadata"].pop("timestamp", None)
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def _component(piece: BuiltPackage) -> Component:
    from cyclonedx.contrib.license.factories import LicenseFactory  # noqa: PLC0415
    from cyclonedx.model import HashAlgorithm, HashType, Property  # noqa: PLC0415
    from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415
    from packageurl import PackageURL  # noqa: PLC0415

    vcs = {"vcs_url": Source("", piece.url).public_url} if piece.url.startswith("git+") else None
    return Component(
        name=piece.name,
        version=piece.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{piece.name}=={piece.version}",
        purl=PackageURL("pypi", None, piece.name, piece.version, vcs),
        description=piece.summary or None,
        licenses=[LicenseFactory().make_from_string(text) for text in piece.licences],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=piece.wheel[1])] if piece.wheel else [],
        properties=[Property(name="wheel", value=piece.wheel[0])] if piece.wheel else [],
    )


def licences(package: InstalledPackage) -> list[str]:
    """Return the licences in a package's metadata: an SPDX expression, a short text, or its classifiers."""
    expression, text = package.metadata.get("License-Expression"), package.metadata.get("License") or ""
    if expression:
        return [expression]
    if text and "\n" not in text and len(text) < 80:
        return [text]
    said = [given.split(" :: ") for given in package.metadata.get_all("Classifier") or []]
    return [parts[-1] for parts in said if parts[0] == "License" and len(parts) > 1]
