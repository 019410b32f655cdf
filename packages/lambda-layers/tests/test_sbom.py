"""The bill of materials: installed packages, licences and hashes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL
from packaging.tags import parse_tag

from lambda_layers.builder.built_package import BuiltPackage
from lambda_layers.builder.project_build import build
from lambda_layers.builder.sbom import cyclonedx_json
from lambda_layers.locks.pin import Source
from lambda_layers.locks.wheel_files import installed_wheel
from lambda_layers.target.platform import Target
from tests.projects import Project
from tests.wheels import House


def bill(root: Path) -> dict[str, Any]:
    """Return the bill of the first layer."""
    layer = json.loads((root / "build" / "layers" / "layers.json").read_text())["layers"][0]
    found: dict[str, Any] = json.loads((root / layer["sbom"]).read_text())
    assert found["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": layer["sha256"]}]
    return found


def test_every_package_has_its_licence_and_the_hash_of_its_wheel(project: Project, house: House) -> None:
    """The CycloneDX bill has licences, wheel hashes and dependencies, and no timestamp."""
    base = house.wheel("base", requires=["other"])
    house.wheel("other", headers="Classifier: License :: OSI Approved :: BSD License\n")
    root = project.write({"main": ["base"]})
    build(root)
    found = bill(root)
    assert (found["bomFormat"], found["specVersion"], "timestamp" in found["metadata"]) == ("CycloneDX", "1.6", False)
    first, second = found["components"]
    assert first["hashes"] == [{"alg": "SHA-256", "content": base.sha256}]
    assert (first["purl"], first["licenses"]) == ("pkg:pypi/base@1.0", [{"license": {"id": "MIT"}}])
    assert second["licenses"] == [{"license": {"name": "BSD License"}}]
    assert {"ref": "base==1.0", "dependsOn": ["other==1.0"]} in found["dependencies"]


PURE = "a-1-py3-none-any.whl"
NATIVE = "a-1-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"


@pytest.mark.parametrize(
    ("tag", "files", "file"),
    [
        ("py3-none-any", [PURE, NATIVE], PURE),
        ("cp313-cp313-manylinux_2_17_x86_64", [PURE, NATIVE], NATIVE),
        ("cp36-cp36m-manylinux2010_x86_64", [PURE, NATIVE], NATIVE),
        ("cp36-cp36m-manylinux2010_x86_64", [PURE], PURE),
        ("cp39-abi3-linux_x86_64", [], None),
    ],
)
def test_the_wheel_is_known_by_its_name(tag: str, files: list[str], file: str | None) -> None:
    """The bill finds the installed wheel among the locked files, although its WHEEL file may contradict its name."""
    names = ["a-1.tar.gz", *files, "a-1-cp313-cp313-macosx_11_0_arm64.whl"]
    found = installed_wheel({name: name[::-1] for name in names}, parse_tag(tag), Target("3.13", "x86_64"))
    assert found == ((file, file[::-1]) if file else None)


SPDX = ["MIT", "apache-2.0", "MIT OR Apache-2.0", "(MIT AND BSD-3-Clause) OR 0BSD", "GPL-2.0-or-later"]
ODD_SPDX = ["Apache-2.0 WITH LLVM-exception", "LicenseRef-Acme"]
TEXTS = ["Apache 2.0", "BSD", "MIT License", "Apache Software License", "see LICENSE", "é"]
# A package has one text of any kind, or the names of its classifiers.
LICENCES = st.lists(st.sampled_from([*SPDX, *ODD_SPDX]), max_size=1) | st.lists(
    st.sampled_from(["MIT", "0BSD", *TEXTS]), max_size=3, unique=True
)
NAMES = ("alpha", "beta-x", "gamma")
URLS = (
    "",
    "libraries/alpha",
    "git+https://user:word@host.example/a/b.git@0123abc",  # pragma: allowlist secret
    "git+ssh://git@host.example/a@1",
)
PACKAGES = st.tuples(
    *(
        st.builds(
            BuiltPackage,
            name=st.just(name),
            version=st.sampled_from(["1.0", "1.0+cpu.1", "1!2.0rc1", "2026.10.18"]),
            summary=st.sampled_from(["", "What it is", 'with "quotes" and ünicode']),
            licences=LICENCES.map(tuple),
            needs=st.lists(st.sampled_from([*NAMES, "elsewhere"]), max_size=3, unique=True).map(tuple),
            url=st.sampled_from(URLS),
            wheel=st.none() | st.just((f"{name}-1-py3-none-any.whl", "ab" * 32)),
            parts=st.just(()),
            blob=st.just(""),
        )
        for name in NAMES
    )
)


def by_the_library(layer: str, digest: str, packages: tuple[BuiltPackage, ...]) -> dict[str, Any]:
    """Return the same bill from CycloneDX's library."""
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest)]
    subject = Component(name=layer, type=ComponentType.CONTAINER, bom_ref=layer, hashes=hashes)
    parts = {package.name: component(package) for package in packages}
    bom = Bom(components=parts.values())
    bom.metadata = BomMetaData(component=subject)
    bom.register_dependency(subject, parts.values())
    for package in packages:
        bom.register_dependency(parts[package.name], [parts[name] for name in package.needs if name in parts])
    found: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    return found


def component(package: BuiltPackage) -> Component:
    vcs = {"vcs_url": Source("", package.url).public_url} if package.url.startswith("git+") else None
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{package.name}=={package.version}",
        purl=PackageURL("pypi", None, package.name, package.version, vcs),
        description=package.summary or None,
        licenses=[LicenseFactory().make_from_string(text) for text in package.licences],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=package.wheel[1])] if package.wheel else [],
        properties=[Property(name="wheel", value=package.wheel[0])] if package.wheel else [],
    )


@pytest.mark.gate
@given(packages=PACKAGES)
@settings(max_examples=60)
def test_the_bill_is_what_the_library_of_cyclonedx_writes(packages: tuple[BuiltPackage, ...]) -> None:
    """The bill equals the output of CycloneDX's library, except serial number and timestamp."""
    digest = "cd" * 32
    expected, found = by_the_library("shared", digest, packages), json.loads(cyclonedx_json("shared", digest, packages))
    assert found.pop("serialNumber").startswith("urn:uuid:")
    del expected["serialNumber"], expected["metadata"]["timestamp"]
    assert found == expected
