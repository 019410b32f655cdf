"""boto3 is either complete in the layers or completely left out."""

from __future__ import annotations

import tomllib
from typing import cast

import pytest

from lambda_layers.errors import LayersError
from lambda_layers.locks.graph import Lock
from lambda_layers.manifest import Layer, Manifest, Package
from lambda_layers.poetry.lock import parse_lock
from lambda_layers.poetry.lock_toml import PoetryLock
from lambda_layers.selection.boto3_rule import LayerRequirements, check_complete, size_message
from lambda_layers.target.platform import Target

TARGET = Target("3.13", "x86_64")
NEEDS = {
    "boto3": ["botocore", "jmespath", "s3transfer"],
    "botocore": ["jmespath", "urllib3"],
    "s3transfer": ["botocore"],
    "powertools": ["jmespath"],
    "requests": ["urllib3", "certifi"],
    "tracing": ["botocore", "wrapt"],
}


def lock(**groups: list[str]) -> Lock:
    """Return a lock of the packages above with these groups."""
    names = sorted({*NEEDS, *(need for needs in NEEDS.values() for need in needs)})
    packages = [
        f'[[package]]\nname = "{name}"\nversion = "1"\n[package.dependencies]\n'
        + "".join(f'{need} = "*"\n' for need in NEEDS.get(name, []))
        for name in names
    ]
    text = "[dependency-groups]\n" + "".join(f"{name} = {needs}\n" for name, needs in groups.items() if name != "main")
    pyproject = f"[project]\ndependencies = {groups.get('main', [])}\n{text}"
    return parse_lock(cast("PoetryLock", tomllib.loads("\n".join(packages))), tomllib.loads(pyproject))


def test_the_closure_is_dropped_except_packages_that_others_need() -> None:
    """Dropping boto3 drops its closure, except packages such as jmespath that others need."""
    dropped = LayerRequirements(lock(main=["boto3", "powertools"]), TARGET, ("main",)).removable_packages()
    assert dropped == {"boto3", "botocore", "s3transfer", "urllib3"}
    assert "jmespath" in LayerRequirements(lock(main=["boto3"]), TARGET, ("main",)).removable_packages()


@pytest.mark.gate
def test_half_an_sdk_is_refused() -> None:
    """A layer that would put its urllib3 under the runtime's boto3 is rejected, and the error names who needs it."""
    with pytest.raises(LayersError, match=r"half of the SDK.*urllib3 \(for requests\).*Say \"ship\""):
        LayerRequirements(lock(main=["boto3", "requests"]), TARGET, ("main",)).removable_packages()


@pytest.mark.gate
def test_half_an_sdk_across_layers_is_refused() -> None:
    """A function layer that adds urllib3, which the shared layer dropped with boto3, is rejected."""
    locked = lock(main=["boto3"], one=["requests"])
    assert LayerRequirements(locked, TARGET, ("main",)).removable_packages()
    with pytest.raises(LayersError, match=r"urllib3 \(for requests\)"):
        LayerRequirements(locked, TARGET, ("main", "one")).removable_packages()


def test_without_boto3_nothing_is_dropped() -> None:
    """A layer without boto3 keeps its urllib3, although another group has boto3."""
    assert (
        LayerRequirements(lock(main=["requests"], test=["boto3"]), TARGET, ("main",)).removable_packages()
        == frozenset()
    )


def test_what_needs_the_sdk_takes_the_runtime_s() -> None:
    """botocore is dropped although another package needs it, since the runtime has it."""
    dropped = LayerRequirements(lock(main=["boto3", "tracing"]), TARGET, ("main",)).removable_packages()
    assert dropped == {"boto3", "botocore", "s3transfer", "urllib3", "jmespath"}


@pytest.mark.gate
def test_a_core_without_boto3_is_refused() -> None:
    """Layers with botocore and without boto3 are rejected."""
    check_complete("one", frozenset({"boto3", "botocore", "s3transfer"}))
    with pytest.raises(LayersError, match=r"one: its layers hold botocore without boto3.*`poetry add --lock boto3`"):
        check_complete("one", frozenset({"botocore", "wrapt"}))


def test_the_size_of_the_sdk_is_reported() -> None:
    """The message has the size that dropping the SDK saves, or has saved."""
    other, sdk = Package("other", "1", 5), (Package("boto3", "1", 10), Package("botocore", "1", 2000))
    assert "2,010 bytes of the layers" in (size_message(_built((other, *sdk), ())) or "")
    assert "2,010 bytes of the SDK are left to the runtime" in (size_message(_built((other,), sdk)) or "")
    assert size_message(_built((other,), ())) is None


def _built(packages: tuple[Package, ...], left_out: tuple[Package, ...]) -> Manifest:
    return Manifest("3.13", "x86_64", (Layer("shared", "", "", 0, 0, ("one",), packages, "", left_out),))
