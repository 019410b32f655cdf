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
from lambda_layers.builder.packages import BuiltPackages, PackageBuilder
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
    asked = cache_key.project_key(root)
    workshop = PackageBuilder(
        root=root,
        settings=chosen,
        python=interpreter.find(chosen.python),
        lock=locked,
        machinery=cache_key.toolchain(root, chosen.python, lockfile.existing(root).tool),
        cache=cache.Cache(cache.default_folder()),
    )
    with workshop.scratches:
        return _build(workshop, asked, closures, pool)


def _build(
    workshop: PackageBuilder, asked: str, closures: Future[dict[str, list[Pin]]], pool: ThreadPoolExecutor
) -> list[str]:
    root, chosen = workshop.root, workshop.settings
    coded = pool.submit(CodeBuilder(root, chosen.python, workshop.cache).build)
    if not closures.done():
        prefetch.prefetch_packages(workshop)
    parts = plan_layers(root, chosen, closures.result)
    _check_agreement(workshop, closures.result())
    _check_sdk_completeness(parts, lockfile.existing(root))
    pieces = workshop.build_packages([pin for part in parts for pin in (*part.pins, *part.left_out)])
    removed = pool.submit(workshop.scratches.close)
    built = list(pool.map(lambda part: build_layer(workshop, part, pieces), parts))
    told = [*_bytecode_warnings(workshop), *_package_warnings(workshop, pieces)]
    layers, code = _build_record(workshop, built, told), coded.result()
    made = code.add_to(layers)
    warnings = limits.check(made["manifest"])
    if cache_key.project_key(root) != asked:
        raise LayersError("the project was changed while its layers were built; build again")
    workshop.cache.keep_record(asked, layers)
    if not restore.place_files(root, made, workshop.cache):
        raise LayersError(f"a file in {workshop.cache.folder} was damaged while the build ran; build again")
    removed.result()
    workshop.cache.prune()
    workshop.contents.cache.prune()
    return [*told, *code.warnings, *warnings]


def _check_agreement(workshop: PackageBuilder, closures: Mapping[str, Sequence[Pin]]) -> None:
    root = workshop.root
    if lockfile.existing(root) is lockfile.UV:  # uv compares the packages itself
        return
    by_group = {group: closures[layer] for layer, group in function_layers.groups(root).items()}
    project = toml_files.read_toml(root / "pyproject.toml").get("project", {}).get("name", "")
    check_agreement(workshop.lock, by_group, workshop.settings.target, project)


def _package_warnings(workshop: PackageBuilder, pieces: BuiltPackages) -> list[str]:
    names = [part.name.removeprefix("python/") for piece in pieces.values() for part in piece.parts]
    unused = [pattern for pattern in workshop.settings.keep if not any(fnmatchcase(name, pattern) for name in names)]
    told = [f"[tool.layers] keep: no file of the layers matches {pattern!r}" for pattern in unused]
    return [*told, *(warning for piece in pieces.values() for warning in piece.warnings)]


def _bytecode_warnings(workshop: PackageBuilder) -> list[str]:
    if workshop.python:
        return []
    version = workshop.settings.python
    told = (
        f"no Python {version} was found here, so layers and code hold no bytecode, and every cold start compiles them; "
        f"install it (`pyenv install {version}`, `uv python install {version}`) and build again"
    )
    return [told]


def _build_record(
    workshop: PackageBuilder, built: Sequence[tuple[LayerRecord, dict[str, str]]], warnings: list[str]
) -> BuildRecord:
    chosen = workshop.settings
    manifest: ManifestRecord = {
        "target": {"python": chosen.python, "architecture": chosen.architecture},
        "bytecode": workshop.python is not None,
        "layers": [layer for layer, _ in built],
    }
    files = {path: digest for _, placed in built for path, digest in placed.items()}
    return {"manifest": manifest, "files": files, "warnings": warnings}


def _check_sdk_completeness(parts: list[function_layers.LayerPlan], lock: lockfile.Lockfile) -> None:
    for function in sorted({function for part in parts for function in part.functions}):
        used = [part for part in parts if function in part.functions]
        left_out = {pin.name for part in used for pin in part.left_out}
        if boto3_rule.BOTO3 not in left_out:
            boto3_rule.check_complete(function, {pin.name for part in used for pin in part.pins}, lock)
