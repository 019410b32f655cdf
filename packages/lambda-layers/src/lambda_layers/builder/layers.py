"""The build of all layers from the exported lock: plan, packages, layers, and at last layers.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from lambda_layers import settings, toml_files
from lambda_layers.builder import cache, cache_key, prefetch, restore
from lambda_layers.builder.build_record import BuildRecord
from lambda_layers.builder.function_code import CodeBuilder
from lambda_layers.builder.layer import build_layer
from lambda_layers.builder.package_builder import BuiltPackages, PackageBuilder
from lambda_layers.builder.placed_files import PlacedFiles
from lambda_layers.errors import LayersError
from lambda_layers.locks import lockfile
from lambda_layers.locks.pin import Pin
from lambda_layers.poetry.agreement import check_agreement
from lambda_layers.selection import boto3_rule, function_layers
from lambda_layers.selection.plan import plan_layers, read_lock
from lambda_layers.target import interpreter, limits

if TYPE_CHECKING:
    from lambda_layers.manifest_records import LayerRecord, ManifestRecord


def build_layers(root: Path, closures: Future[dict[str, list[Pin]]], pool: ThreadPoolExecutor) -> list[str]:
    """Build every layer of the project in `root`, then layers.json. Return the warnings.

    closures: layer -> the packages of its group, once they are known. pool: the threads where Poetry exports them.

    Raises WrongUse for faults of the project, LayersError for faults of its packages.
    """
    chosen = settings.read(root / "pyproject.toml")
    locked = read_lock(root)
    key = cache_key.project_key(root)
    builder = PackageBuilder(
        root=root,
        settings=chosen,
        python=interpreter.find(chosen.python),
        lock=locked,
        tool_versions=cache_key.toolchain(root, chosen.python, lockfile.existing(root).tool),
        cache=cache.Cache(cache.default_folder()),
    )
    with builder.scratches:
        return _build(builder, key, closures, pool)


def _build(
    builder: PackageBuilder, key: str, closures: Future[dict[str, list[Pin]]], pool: ThreadPoolExecutor
) -> list[str]:
    root, chosen = builder.root, builder.settings
    placed = PlacedFiles(root, builder.cache)
    code_build = pool.submit(CodeBuilder(root, chosen.python, builder.cache, placed).build)
    if not closures.done():
        prefetch.prefetch_packages(builder)
    plans = plan_layers(root, chosen, closures.result())
    _check_agreement(builder, closures.result())
    _check_sdk_completeness(plans, lockfile.existing(root))
    packages = builder.build_packages([pin for plan in plans for pin in (*plan.pins, *plan.left_out)])
    scratch_removal = pool.submit(builder.scratches.close)
    layers = list(pool.map(lambda plan: build_layer(builder, plan, packages), plans))
    warnings = [*_bytecode_warnings(builder), *_package_warnings(builder, packages)]
    record = _build_record(builder, layers, warnings)
    code = code_build.result()
    complete = code.add_to(record)
    size_warnings = limits.check(complete["manifest"])
    if cache_key.project_key(root) != key:
        raise LayersError("the project was changed while its layers were built; build again")
    builder.cache.keep_record(key, record)
    if not restore.place_build(root, complete, placed):
        raise LayersError(f"a file in {builder.cache.folder} was damaged while the build ran; build again")
    scratch_removal.result()
    builder.cache.prune()
    builder.contents.cache.prune()
    return [*warnings, *code.warnings, *size_warnings]


def _check_agreement(builder: PackageBuilder, closures: Mapping[str, Sequence[Pin]]) -> None:
    root = builder.root
    if lockfile.existing(root) is lockfile.UV:  # uv compares the packages itself
        return
    by_group = {group: closures[layer] for layer, group in function_layers.groups(root).items()}
    project = toml_files.read_toml(root / "pyproject.toml").get("project", {}).get("name", "")
    check_agreement(builder.lock, by_group, builder.settings.target, project)


def _package_warnings(builder: PackageBuilder, packages: BuiltPackages) -> list[str]:
    names = [part.name.removeprefix("python/") for package in packages.values() for part in package.parts]
    unused = [pattern for pattern in builder.settings.keep if not any(fnmatchcase(name, pattern) for name in names)]
    keep_warnings = [f"[tool.layers] keep: no file of the layers matches {pattern!r}" for pattern in unused]
    return [*keep_warnings, *(warning for package in packages.values() for warning in package.warnings)]


def _bytecode_warnings(builder: PackageBuilder) -> list[str]:
    if builder.python:
        return []
    version = builder.settings.python
    warning = (
        f"no Python {version} was found here, so layers and code hold no bytecode, and every cold start compiles them; "
        f"install it (`pyenv install {version}`, `uv python install {version}`) and build again"
    )
    return [warning]


def _build_record(
    builder: PackageBuilder, built: Sequence[tuple[LayerRecord, dict[str, str]]], warnings: list[str]
) -> BuildRecord:
    chosen = builder.settings
    manifest: ManifestRecord = {
        "target": {"python": chosen.python, "architecture": chosen.architecture},
        "bytecode": builder.python is not None,
        "layers": [layer for layer, _ in built],
    }
    files = {path: digest for _, placed in built for path, digest in placed.items()}
    return {"manifest": manifest, "files": files, "warnings": warnings}


def _check_sdk_completeness(plans: list[function_layers.LayerPlan], lock: lockfile.Lockfile) -> None:
    for function in sorted({function for plan in plans for function in plan.functions}):
        used = [plan for plan in plans if function in plan.functions]
        left_out = {pin.name for plan in used for pin in plan.left_out}
        if boto3_rule.BOTO3 not in left_out:
            boto3_rule.check_complete(function, {pin.name for plan in used for pin in plan.pins}, lock)
