"""The plan of all layers, from the lock, `[tool.layers]` and the functions' folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lambda_layers import toml_files
from lambda_layers.locks import lockfile
from lambda_layers.locks.graph import Lock
from lambda_layers.locks.pin import Pin
from lambda_layers.poetry import lock as poetry_lock
from lambda_layers.selection import boto3_rule, function_layers
from lambda_layers.settings import Settings
from lambda_layers.uv import lock as uv_lock

if TYPE_CHECKING:
    from lambda_layers.poetry.lock_toml import PoetryLock
    from lambda_layers.uv.lock_toml import UvLock


def plan_layers(
    root: Path, settings: Settings, closures: Mapping[str, Sequence[Pin]]
) -> list[function_layers.LayerPlan]:
    """Return the plan of every layer, the shared one first. closures: layer -> the closure of its group."""
    groups = function_layers.groups(root)
    left_out = runtime_provided_packages(root, settings, groups)
    return function_layers.assign_packages(closures, function_layers.functions(root), settings.target, left_out)


def read_lock(root: Path) -> Lock:
    """Return the graph of the project's lock. Raises WrongUse without a lock."""
    kind, pyproject = lockfile.existing(root), toml_files.read_toml(root / "pyproject.toml")
    lock = toml_files.read_toml(root / kind.name)
    if kind is lockfile.UV:
        return uv_lock.parse_lock(cast("UvLock", lock), pyproject)
    return poetry_lock.parse_lock(cast("PoetryLock", lock), pyproject)


def runtime_provided_packages(root: Path, settings: Settings, groups: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return layer -> the packages that its functions take from the runtime instead."""
    if settings.runtime_provided == "ship":
        return dict.fromkeys(groups, frozenset())
    locked = read_lock(root)
    used_groups = {name: ("main",) if group == "main" else ("main", group) for name, group in groups.items()}
    return {
        name: boto3_rule.LayerRequirements(locked, settings.target, groups_of_layer).removable_packages()
        for name, groups_of_layer in used_groups.items()
    }
