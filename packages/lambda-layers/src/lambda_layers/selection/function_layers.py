"""The layers of functions: the shared one from `main`, and one for each function with a group of its name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lambda_layers import toml_files
from lambda_layers.errors import LayersError, WrongUse

if TYPE_CHECKING:
    from lambda_layers.locks.pin import Pin
    from lambda_layers.target.platform import Target

SHARED = "shared"


class LayerPlan(NamedTuple):
    """One layer to build: its packages, and the functions that use it.

    left_out: packages of the lock that the runtime provides instead. provided: the names of the packages in the shared
    layer.
    """

    name: str
    pins: tuple[Pin, ...]
    functions: tuple[str, ...]
    left_out: tuple[Pin, ...] = ()
    provided: frozenset[str] = frozenset()


def functions(root: Path) -> list[str]:
    """Return the names of the folders in lambda/ that have a handler."""
    return sorted(handler.parent.name for handler in (root / "lambda").glob("*/main.py"))


def groups(root: Path) -> dict[str, str]:
    """Return layer -> the lock's group: `main` for the shared layer, a function's own group for the others.

    Names of groups are canonical, as in the lock: the group of lambda/my_function may be written `my-function`. Raises
    WrongUse for a function with the name of the shared layer.
    """
    pyproject = toml_files.read_toml(root / "pyproject.toml")
    named = {*pyproject.get("dependency-groups", {}), *pyproject.get("tool", {}).get("poetry", {}).get("group", {})}
    taken = {SHARED, "main"} & {*functions(root)}
    if taken:
        raise WrongUse(
            f"lambda/{taken.pop()}: the name is taken by the layer of all functions; give the folder another"
        )
    existing = {_canonical(name) for name in named}
    groups = {function: _canonical(function) for function in functions(root)}
    return {SHARED: "main"} | {function: group for function, group in groups.items() if group in existing}


def _canonical(name: str) -> str:
    # as packaging's canonicalize_name: importing packaging takes longer than a build with nothing to do
    return re.sub(r"[-_.]+", "-", name).lower()


def assign_packages(
    closures: Mapping[str, Sequence[Pin]],
    function_names: Sequence[str],
    target: Target,
    dropped: Mapping[str, Set[str]],
) -> list[LayerPlan]:
    """Return the plan of the shared layer, then of each function's, without what the shared one has.

    closures: layer -> the closure of its group, with packages for other platforms. function_names: of all functions.
    dropped: layer -> the packages that its functions take from the runtime.
    Raises LayersError if a group has packages, and none of them is for the target.
    """
    by_layer = {name: _pins_for_target(name, pins, target) for name, pins in closures.items()}
    shared = _plan_layer(SHARED, by_layer[SHARED], function_names, dropped[SHARED], frozenset())
    provided = frozenset(pin.name for pin in (*shared.pins, *shared.left_out))
    function_plans = [
        _plan_layer(name, pins, [name], dropped[name], provided - (dropped[SHARED] - dropped[name]))
        for name, pins in by_layer.items()
        if name != SHARED
    ]
    return [plan for plan in (shared, *function_plans) if plan.pins or plan.left_out]


def _plan_layer(
    name: str, pins: Sequence[Pin], users: Sequence[str], dropped: Set[str], provided: frozenset[str]
) -> LayerPlan:
    new = [pin for pin in pins if pin.name not in provided]
    shipped = tuple(pin for pin in new if pin.name not in dropped)
    left_out = tuple(pin for pin in new if pin.name in dropped)
    return LayerPlan(name, shipped, tuple(users), left_out, provided)


def _pins_for_target(name: str, pins: Sequence[Pin], target: Target) -> list[Pin]:
    accepted = [pin for pin in pins if target.accepts(pin.marker)]
    if pins and not accepted:
        raise LayersError(
            f"layer {name}: the lock has {len(pins)} packages for it, and none is for Python {target.python} on "
            f"{target.architecture} (`{pins[0].name}; {pins[0].marker}`); let requires-python in pyproject.toml "
            "include it, then lock again"
        )
    return accepted
