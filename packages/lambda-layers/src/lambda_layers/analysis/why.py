"""The groups that need a package, the layer that has it, and the chain of requirements."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from lambda_layers import settings
from lambda_layers.errors import WrongUse
from lambda_layers.locks import lockfile
from lambda_layers.locks.graph import Lock, Node
from lambda_layers.selection import function_layers, plan


@dataclass(frozen=True)
class Reason:
    """A group that needs the package. way: the chain of requirements. layer: the layer that has the package.

    layer is empty if no layer has it: the group is for development, the runtime provides it, or the lock has it for
    other targets only, whose markers are `only_where`. group is empty if only an extra of the project, `extra`, needs
    it, or nothing does.
    """

    group: str
    way: tuple[str, ...]
    layer: str
    left_out: bool = False
    only_where: tuple[str, ...] = ()
    extra: str = ""


def why(root: Path, package: str) -> list[Reason]:
    """Return every group that needs the package, layers first. Raises WrongUse if the lock does not have it."""
    locked, name = plan.read_lock(root), canonicalize_name(package)
    if name not in locked.packages:
        near = difflib.get_close_matches(name, locked.packages, n=3)
        raise WrongUse(
            f"{lockfile.existing(root).name} has no {package}" + (f"; near are {', '.join(near)}" if near else "")
        )
    reasons = (
        _reasons_of_groups(root, locked, name)
        or _reasons_elsewhere(locked, name)
        or _reasons_of_extras(locked, name)
        or [Reason("", (name,), "")]
    )
    return sorted(reasons, key=lambda reason: (not reason.layer, reason.group != "main", reason.group))


def explain(reason: Reason) -> str:
    """Return the layer and the group, or why no layer has the package."""
    if reason.extra:
        return f"no layer (extra {reason.extra} of the project, which no layer asks for)"
    if not reason.group:
        return "no layer (the lock has it, and no group and no extra asks for it)"
    where = f"layer {reason.layer}" if reason.layer else "no layer"
    where += ", left out: the runtime brings it" if reason.left_out else ""
    where += f", not for the target: only where {' or '.join(reason.only_where)}" if reason.only_where else ""
    return f"{where} (group {reason.group})"


def _reasons_of_groups(root: Path, locked: Lock, name: str) -> list[Reason]:
    """Return the groups that need the package on the target."""
    chosen, groups = settings.read(root / "pyproject.toml"), function_layers.groups(root)
    left_out = plan.runtime_provided_packages(root, chosen, groups)
    layers = {group: layer for layer, group in groups.items()}
    chains = {group: locked.chains(group, chosen.target).get(name) for group in [*layers, *locked.roots]}
    reasons: list[Reason] = []
    for group, chain in chains.items():
        if chain:
            layer = function_layers.SHARED if chains["main"] and group in layers else layers.get(group, "")
            is_left_out = name in left_out.get(layers.get(group, ""), ())
            reasons.append(Reason(group, _chain_names(chain), layer, is_left_out))
    return reasons


def _reasons_elsewhere(locked: Lock, name: str) -> list[Reason]:
    """Return the groups that need the package on other targets only."""
    chains_of_groups = {group: locked.chains(group, None).get(name) for group in locked.roots}
    chains = {group: chain for group, chain in chains_of_groups.items() if chain}
    markers = {marker for version in locked.packages[name] for marker in version.markers if marker}
    if not markers:
        markers = {marker for group, chain in chains.items() for marker in _root_markers(locked, group, chain)}
    only_where = tuple(sorted(markers))
    return [Reason(group, _chain_names(chain), "", only_where=only_where) for group, chain in chains.items()]


def _root_markers(locked: Lock, group: str, chain: tuple[Node, ...]) -> list[str]:
    """Return the markers of a group's requirements on the first package of a chain."""
    first, _ = chain[0]
    return [str(need.marker) for need in locked.roots[group] if need.name == first and need.marker]


def _reasons_of_extras(locked: Lock, name: str) -> list[Reason]:
    chains = {extra: locked.chains_of_extra(extra).get(name) for extra in locked.extra_roots}
    return [Reason("", _chain_names(chain), "", extra=extra) for extra, chain in chains.items() if chain]


def _chain_names(chain: tuple[Node, ...]) -> tuple[str, ...]:
    """Return the chain with extras in brackets: an extra is a separate node, before or after its package."""
    steps: list[str] = []
    for name, extra in chain:
        if steps and steps[-1].partition("[")[0] == name:
            steps.pop()
        steps.append(f"{name}[{extra}]" if extra else name)
    return tuple(steps)
