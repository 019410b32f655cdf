"""The graph of a lock: which package needs which, with extras, and the files that each may be installed from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import TypedDict

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from lambda_layers.locks.pin import Source
from lambda_layers.target.platform import Target

# The name of a package and one of its extras; the empty extra is the package itself.
Node = tuple[str, str]


class DependencyTable(TypedDict, total=False):
    """A dependency with markers, extras or other keys."""

    version: str
    markers: str
    extras: list[str]
    optional: bool


# A version, or tables for different targets.
Dependency = str | DependencyTable | list[DependencyTable]


@dataclass(frozen=True)
class LockedPackage:
    """One version of a package in the lock. files: file name -> sha256.

    dependencies: name -> conditions, as the lock has them. markers: the markers of its groups; an empty one always
    holds.
    """

    name: str
    version: str
    dependencies: Mapping[str, Dependency]
    extras: Mapping[str, tuple[Requirement, ...]]
    files: Mapping[str, str]
    markers: tuple[str, ...] = ()
    source: Source | None = None


@dataclass(frozen=True)
class Lock:
    """All packages of a lock, and what the project requires in each group and each extra.

    packages: name -> its versions, each with markers that exclude the targets of the others.
    """

    packages: Mapping[str, tuple[LockedPackage, ...]]
    roots: Mapping[str, tuple[Requirement, ...]]
    extra_roots: Mapping[str, tuple[Requirement, ...]] = field(default_factory=dict)

    def files(self, name: str, version: str) -> Mapping[str, str]:
        """Return the files that one version may be installed from; empty if the lock does not have that version."""
        matches = [package for package in self.packages.get(name, ()) if _is_same(package.version, version)]
        return matches[-1].files if matches else {}

    def chains(self, group: str, target: Target | None, without: Set[str] = frozenset()) -> dict[str, tuple[Node, ...]]:
        """Return, for each package that a group needs, the shortest chain from a requirement of the group to it.

        without: packages that are skipped, with what only they need. Without a target, every marker holds.
        """
        return self._chains_from(self.roots.get(group, ()), target, without)

    def chains_of_extra(self, extra: str) -> dict[str, tuple[Node, ...]]:
        """Return, for each package that an extra needs on any target, the shortest chain to it."""
        return self._chains_from(self.extra_roots.get(extra, ()), None, frozenset())

    def _chains_from(
        self, roots: Iterable[Requirement], target: Target | None, without: Set[str]
    ) -> dict[str, tuple[Node, ...]]:
        applicable = (need for need in roots if _applies(target, str(need.marker or "")))
        return self._shortest_chains((node for need in applicable for node in _nodes(need)), target, without)

    def closure(self, name: str, target: Target | None) -> frozenset[str]:
        """Return the names of a package and of everything that it needs."""
        return frozenset(self._shortest_chains([(name, "")], target, frozenset()))

    def _shortest_chains(
        self, starts: Iterable[Node], target: Target | None, without: Set[str]
    ) -> dict[str, tuple[Node, ...]]:
        """Return package -> the shortest chain to it, by a breadth-first search."""
        chains: dict[Node, tuple[Node, ...]] = {}
        frontier: list[tuple[Node, ...]] = [(node,) for node in starts]
        while frontier:
            next_frontier: list[tuple[Node, ...]] = []
            for chain in frontier:
                name, extra = node = chain[-1]
                if node not in chains and name in self.packages and name not in without:
                    chains[node] = chain
                    next_frontier += [(*chain, needed) for needed in self._dependencies(name, extra, target)]
            frontier = next_frontier
        by_package: dict[str, tuple[Node, ...]] = {}
        for (name, _), chain in chains.items():
            by_package.setdefault(name, chain)
        return by_package

    def _dependencies(self, name: str, extra: str, target: Target | None) -> Iterator[Node]:
        versions = self.packages[name]
        applicable = (version for version in versions if any(_applies(target, marker) for marker in version.markers))
        package = next(applicable, versions[-1])
        if extra:
            needs = package.extras.get(extra, ())
            yield from (node for need in needs if _applies(target, str(need.marker or "")) for node in _nodes(need))
            return
        for dependency, conditions in package.dependencies.items():
            for option in conditions if isinstance(conditions, list) else [conditions]:
                table: DependencyTable = option if isinstance(option, dict) else {}
                if not table.get("optional") and _applies(target, table.get("markers", "")):
                    extras = map(canonicalize_name, table.get("extras", ()))
                    yield from ((canonicalize_name(dependency), part) for part in ("", *extras))


def _is_same(version: str, other: str) -> bool:
    try:
        return Version(version) == Version(other)
    except InvalidVersion:
        return version == other


def _applies(target: Target | None, marker: str) -> bool:
    return target is None or target.accepts(marker)


def _nodes(need: Requirement) -> list[Node]:
    return [(canonicalize_name(need.name), extra) for extra in ("", *sorted(map(canonicalize_name, need.extras)))]
