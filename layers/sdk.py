"""boto3 comes with the runtime: it is shipped whole, or left out whole.

Half of it is worse than either: what a layer holds comes first in the import path, so the runtime's boto3 would run on
the layer's botocore or urllib3. jmespath alone may stay, which Powertools needs as well: it has no dependencies, and the
SDK takes any version of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from layers.errors import LayersError
from layers.lock import Lock
from layers.target import Target

ROOT = "boto3"
# No use without boto3, and in the way of the runtime's own.
_CORE = frozenset({"botocore", "s3transfer"})
_HARMLESS = frozenset({"jmespath"})


@dataclass(frozen=True)
class Needs:
    """What the functions of one layer ask for, by the group that asks."""

    lock: Lock
    target: Target
    groups: tuple[str, ...]

    def dropped(self) -> frozenset[str]:
        """The SDK's packages that nothing else needs; raises LayersError where that is half of them."""
        sdk = self.lock.closure(ROOT, self.target)
        ways = self._others(sdk)
        kept = {name: way for name, way in ways.items() if name in sdk - _HARMLESS}
        if kept:
            told = ", ".join(f"{name} (for {way})" for name, way in sorted(kept.items()))
            raise LayersError(
                f'runtime-provided = "drop" would leave half of the SDK in the layers: {told}. '
                'Say "ship" in [tool.layers], or do without what needs it'
            )
        return sdk - ways.keys()

    def _others(self, sdk: Set[str]) -> Mapping[str, str]:
        """What is needed without the SDK's own needs -> what needs it."""
        found: dict[str, str] = {}
        for group in self.groups:
            for need in self.lock.roots.get(group, ()):
                if need.name in sdk:
                    continue
                for name in self.lock.closure(need.name, self.target):
                    found.setdefault(name, need.name)
        return found


def whole(function: str, names: Set[str]) -> None:
    """Raise LayersError where a function's layers hold the SDK's core without boto3."""
    half = _CORE & names
    if half and ROOT not in names:
        raise LayersError(
            f"{function}: its layers hold {', '.join(sorted(half))} without {ROOT}, which is half an SDK over the runtime's "
            f"own; `poetry add {ROOT}` makes it whole"
        )
