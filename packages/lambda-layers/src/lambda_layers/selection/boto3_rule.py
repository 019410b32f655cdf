"""The rule for boto3, which the runtime provides: ship it whole, or leave it out whole.

A part of it is worse than either: packages of a layer come first in the import path, so the runtime's boto3 would
import the layer's botocore or urllib3. Only jmespath may be in a layer without boto3, since Powertools needs it as
well: it has no dependencies, and boto3 works with any version of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass

from lambda_layers.errors import LayersError
from lambda_layers.locks import lockfile
from lambda_layers.locks.graph import Lock, Node
from lambda_layers.locks.lockfile import Lockfile
from lambda_layers.manifest import Manifest
from lambda_layers.target.platform import Target

BOTO3 = "boto3"
# Useless without boto3, and imported in place of the runtime's own.
_SDK_CORE = frozenset({"botocore", "s3transfer"})
_SHAREABLE = frozenset({"jmespath"})
# Imported by the SDK itself, and also required by other packages.
_SDK_DEPENDENCIES = frozenset({"urllib3", "python-dateutil", "six"})


@dataclass(frozen=True)
class LayerRequirements:
    """The requirements of one layer's functions. groups: the lock's groups that these functions use."""

    lock: Lock
    target: Target
    groups: tuple[str, ...]

    def removable_packages(self) -> frozenset[str]:
        """Return the SDK's packages that nothing else needs. Raises LayersError if only a part is removable."""
        chains = self._chains(frozenset())
        if BOTO3 not in chains:
            return frozenset()
        sdk = self.lock.closure(BOTO3, self.target)
        others = self._chains(_SDK_CORE | {BOTO3})
        still_needed = {name: chain for name, chain in others.items() if name in sdk - _SHAREABLE}
        if still_needed:
            packages = ", ".join(f"{name} (for {chain[0][0]})" for name, chain in sorted(still_needed.items()))
            raise LayersError(
                f'runtime-provided = "drop" would leave half of the SDK in the layers: {packages}. '
                'Say "ship" in [tool.layers], or do without what needs it'
            )
        return sdk - others.keys()

    def _chains(self, without: Set[str]) -> dict[str, tuple[Node, ...]]:
        chains: dict[str, tuple[Node, ...]] = {}
        for group in self.groups:
            chains = self.lock.chains(group, self.target, without) | chains
        return chains


def size_message(built: Manifest) -> str | None:
    """Return a sentence with the bytes of the SDK that layers ship or leave to the runtime; None without any."""
    left_out = sum(package.bytes for layer in built.layers for package in layer.left_out)
    if left_out:
        return f"{left_out:,} bytes of the SDK are left to the runtime, whose version AWS chooses"
    packages = [package for layer in built.layers for package in layer.packages]
    if BOTO3 not in {package.name for package in packages}:
        return None
    core = sum(package.bytes for package in packages if package.name in _SDK_CORE | {BOTO3})
    return f'boto3 and its core are {core:,} bytes of the layers; runtime-provided = "drop" leaves them to the runtime'


def runtime_conflict(
    function: str, modules: Iterable[str], packages: Set[str], lock: Lockfile = lockfile.POETRY
) -> str | None:
    """Return a warning for a function that uses the runtime's boto3 with packages of its layers; else None."""
    partial = sorted(_SDK_DEPENDENCIES & packages)
    tops = {module.partition(".")[0] for module in modules}
    if not partial or packages & {BOTO3} or not tops & {BOTO3, "botocore"}:
        return None
    return (
        f"{function}: its layers hold {', '.join(partial)}, on which the runtime's {BOTO3} then runs instead of its "
        f"own; `{lock.add_command(BOTO3)}` ships one that fits"
    )


def check_complete(function: str, names: Set[str], lock: Lockfile = lockfile.POETRY) -> None:
    """Raise LayersError if a function's layers have the SDK's core without boto3."""
    partial = _SDK_CORE & names
    if partial and BOTO3 not in names:
        raise LayersError(
            f"{function}: its layers hold {', '.join(sorted(partial))} without {BOTO3}, which is half an SDK over the "
            f"runtime's own; `{lock.add_command(BOTO3)}` makes it whole"
        )
