"""The CycloneDX bill of materials of one layer: its packages, their licences, and the hashes of installed wheels.

Written directly: to import CycloneDX's library takes a third of a build from the cache. The tests compare every form
with what the library writes.

Source: CycloneDX 1.6 JSON reference; package-url specification, type `pypi`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import quote

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from lambda_layers.locks.pin import Source

if TYPE_CHECKING:
    from lambda_layers.builder.built_package import BuiltPackage
    from lambda_layers.builder.installed import InstalledPackage

# Serial numbers are derived from the digest, so that layers with the same bytes have the same bill.
_SERIAL_NUMBER_NAMESPACE = uuid.uuid5(
    uuid.NAMESPACE_URL, "https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html"
)
# What the expressions of SPDX consist of besides identifiers; `+` is "or later".
_OPERATORS = frozenset(" ()+")


class _Licence(TypedDict, total=False):
    """One licence: an SPDX identifier or a name in `license`, or an SPDX expression."""

    license: dict[str, str]
    expression: str


class _Dependency(TypedDict, total=False):
    """The needs of one component."""

    ref: str
    dependsOn: list[str]


# `bom-ref` cannot be a name in a class.
_Component = TypedDict(
    "_Component",
    {
        "bom-ref": str,
        "type": str,
        "name": str,
        "version": str,
        "description": str,
        "hashes": list[dict[str, str]],
        "licenses": list[_Licence],
        "properties": list[dict[str, str]],
        "purl": str,
    },
    total=False,
)


def cyclonedx_json(layer: str, digest: str, packages: Sequence[BuiltPackage]) -> str:
    """Return the bill of the layer with this digest, as CycloneDX 1.6 JSON, without time and paths."""
    refs = {package.name: f"{package.name}=={package.version}" for package in packages}
    needs = {refs[package.name]: [refs[name] for name in package.needs if name in refs] for package in packages}
    subject: _Component = {"bom-ref": layer, "type": "container", "name": layer, "hashes": _hashes(digest)}
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(_SERIAL_NUMBER_NAMESPACE, digest).urn,
        "version": 1,
        "metadata": {"component": subject},
        "components": [_component(package) for package in sorted(packages, key=lambda package: package.name)],
        "dependencies": [*_dependencies({**needs, layer: [*refs.values()]})],
    }
    return json.dumps(bill, indent=2, sort_keys=True) + "\n"


def _dependencies(needs: dict[str, list[str]]) -> Iterator[_Dependency]:
    for ref in sorted(needs):
        yield {"ref": ref, "dependsOn": sorted({*needs[ref]})} if needs[ref] else {"ref": ref}


def _component(package: BuiltPackage) -> _Component:
    component: _Component = {
        "bom-ref": f"{package.name}=={package.version}",
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": _purl(package),
    }
    if package.summary:
        component["description"] = package.summary
    if package.licences:
        component["licenses"] = _licences(package.licences)
    if package.wheel:
        file, digest = package.wheel
        component["hashes"], component["properties"] = _hashes(digest), [{"name": "wheel", "value": file}]
    return component


def _hashes(digest: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": digest}]


def _purl(package: BuiltPackage) -> str:
    purl = f"pkg:pypi/{package.name}@{quote(package.version, safe='')}"
    if not package.url.startswith("git+"):
        return purl
    return f"{purl}?vcs_url={quote(Source('', package.url).public_url, safe=':/')}"


def _licences(texts: Sequence[str]) -> list[_Licence]:
    """Return the licences, sorted; an expression of SPDX has to be the only entry."""
    entries = [_licence(text) for text in {*texts}]
    expressions = sorted(licence["expression"] for licence in entries if "expression" in licence)
    if expressions:
        return [{"expression": expressions[0]}]
    return sorted(entries, key=lambda licence: sorted(licence["license"].items()))


def _licence(text: str) -> _Licence:
    try:
        spdx: str = canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return {"license": {"name": text}}
    if "LicenseRef-" in spdx:  # defined in a document that this bill does not have
        return {"license": {"name": text}}
    return {"expression": spdx} if _OPERATORS & {*spdx} else {"license": {"id": spdx}}


def licences(package: InstalledPackage) -> list[str]:
    """Return the licences in a package's metadata: an SPDX expression, a short text, or its classifiers."""
    expression, text = package.metadata.get("License-Expression"), package.metadata.get("License") or ""
    if expression:
        return [expression]
    if text and "\n" not in text and len(text) < 80:
        return [text]
    classifiers = [classifier.split(" :: ") for classifier in package.metadata.get_all("Classifier") or []]
    return [parts[-1] for parts in classifiers if parts[0] == "License" and len(parts) > 1]
