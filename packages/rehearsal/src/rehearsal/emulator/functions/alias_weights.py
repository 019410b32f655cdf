"""The choice of an alias's version for each invocation: in exact shares by weight, where AWS chooses at random.

Source: AWS Lambda developer guide, "Implement Lambda canary deployments using a weighted alias".
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from fractions import Fraction

from rehearsal.emulator.ministack.port.function_records import AliasRecord

HALF = Fraction(1, 2)


def additional_version(alias: AliasRecord) -> tuple[str, Fraction] | None:
    """Return (version, weight) of an alias's additional version; None where one version gets every invocation."""
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    for version, weight in weights.items():
        return str(version), Fraction(str(weight))
    return None


@dataclass
class AliasCounter:
    """Distributes the invocations of each alias evenly (error diffusion).

    After any number of invocations the additional version has run its weight's share of them, rounded to the nearest
    integer: with a weight of 0.1 the 5th, the 15th, the 25th. An update of the alias resets the count.
    """

    _owed: dict[str, tuple[str, Fraction]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_version(self, alias: AliasRecord) -> str:
        """Return the version for the next invocation of the alias, and count the invocation."""
        additional = additional_version(alias)
        if additional is None:
            return str(alias.get("FunctionVersion", "$LATEST"))
        version, weight = additional
        with self._lock:
            revision, owed = self._owed.get(alias["AliasArn"], ("", HALF))
            owed = (owed if revision == alias["RevisionId"] else HALF) + weight
            chosen = owed >= 1
            self._owed[alias["AliasArn"]] = (alias["RevisionId"], owed - chosen)
        return version if chosen else str(alias.get("FunctionVersion", "$LATEST"))
