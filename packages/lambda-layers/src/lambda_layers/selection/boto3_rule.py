"""boto3 comes with the runtime: it is shipped whole, or left out whole.

Half of it is worse than either: what a layer holds comes first in the import path, so the runtime's boto3 would run on
the layer's botocore or urllib3. Only jmespath may stay, which Powertools needs as well: it has no dependencies, and
the SDK takes any version of it.
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
# No use without boto3, and in the way of the runtime's own.
_SDK_CORE = frozenset({"botocore", "s3transfer"})
_SHAREABLE = frozenset({"jmespath"})
# What the SDK itself imports, and other packages bring along.
_SDK_DEPENDENCIES = frozenset({"urllib3", "python-dateutil", "six"})


@dataclass(frozen=True)
class LayerRequirements:
    """The requirements of one layer's functions, by their group."""

    lock: Lock
    target: Target
    groups: tuple[str, ...]

    def removable_packages(self) -> frozenset[str]:
        """The SDK's packages that nothing else needs; raises LayersError where that is half of them."""
        ways = self._ways(frozenset())
        if BOTO3 not in ways:
            return frozenset()
        sdk = self.lock.closure(BOTO3, self.target)
        others = self._ways(_SDK_CORE | {BOTO3})
        kept = {name: way for name, way in others.items() if name in sdk - _SHAREABLE}
        if kept:
            told = ", ".join(f"{name} (for {way[0][0]})" for name, way in sorted(kept.items()))
            raise LayersError(
                f'runtime-provided = "drop" would leave half of the SDK in the layers: {told}. '
                'Say "ship" in [tool.layers], or do without what needs it'
            )
        return sdk - others.keys()

    def _ways(self, without: Set[str]) -> dict[str, tuple[Node, ...]]:
        found: dict[str, tuple[Node, ...]] = {}
        for group in self.groups:
            found = self.lock.chains(group, self.target, without) | found
        return found


def size_message(built: Manifest) -> str | None:
    """The bytes of the SDK that the layers ship, or leave to the runtime, in a sentence; None where there are none."""
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
    """Return a warning for a function that imports the runtime's boto3 with packages of its layers."""
    half = sorted(_SDK_DEPENDENCIES & packages)
    tops = {module.partition(".")[0] for module in modules}
    if not half or packages & {BOTO3} or not tops & {BOTO3, "botocore"}:
        return None
    return (
        f"{function}: its layers hold {', '.join(half)}, on which the runtime's {BOTO3} then runs instead of its own; "
        f"`{lock.add_command(BOTO3)}` ships one that fits"
    )


def check_complete(function: str, names: Set[str], lock: Lockfile = lockfile.POETRY) -> None:
    """Raise LayersError where a function's layers hold the SDK's core without boto3."""
    half = _SDK_CORE & names
    if half and BOTO3 not in names:
        raise LayersError(
            f"{function}: its layers hold {', '.join(sorted(half))} without {BOTO3}, which is half an SDK over the "
            f"runtime's own; `{lock.add_command(BOTO3)}` makes it whole"
        )
