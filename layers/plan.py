"""What goes into which layer, as the lock, `[tool.layers]` and the functions' folders say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from layers import lock, sdk, slices, texts
from layers.errors import WrongUse
from layers.export import Pin
from layers.settings import Settings

# Layer -> the closure of its group, asked for when it is needed: Poetry exports it meanwhile, and refuses a stale lock.
Closures = Callable[[], Mapping[str, Sequence[Pin]]]


def plan(root: Path, settings: Settings, closures: Closures) -> list[slices.Slice]:
    """Every layer to build, the shared one first."""
    groups = slices.groups(root)
    left_out = dropped(root, settings, groups)
    return slices.sliced(closures(), slices.functions(root), settings.target, left_out)


def graph(root: Path) -> lock.Lock:
    """The lock's graph; raises WrongUse where there is no lock."""
    path = root / "poetry.lock"
    if not path.exists():
        raise WrongUse(f"there is no poetry.lock in {root}; make it with `poetry lock` and commit it")
    return lock.of(texts.toml(path), texts.toml(root / "pyproject.toml"))


def dropped(root: Path, settings: Settings, groups: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Layer -> the packages that its functions take from the runtime instead."""
    if settings.runtime_provided == "ship":
        return dict.fromkeys(groups, frozenset())
    locked = graph(root)
    asked = {name: ("main",) if group == "main" else ("main", group) for name, group in groups.items()}
    return {name: sdk.Needs(locked, settings.target, asking).dropped() for name, asking in asked.items()}
