"""The checks that every import of the functions is provided, and that every package of layers is imported."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from lambda_layers import settings
from lambda_layers.analysis import import_graph, start_up_files
from lambda_layers.analysis.imports import Import, imports, modules, provides
from lambda_layers.locks import lockfile
from lambda_layers.manifest import Layer, Manifest
from lambda_layers.selection import boto3_rule, function_layers, plan
from lambda_layers.target import standard_library

# Source: AWS Lambda developer guide, "Packaging your layer content" and "Runtime-included SDK versions"; Lambda's base
# image for Python 3.13 holds these next to its bootstrap.
RUNTIME_MODULES = frozenset(
    {"awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "snapshot_restore_py", "urllib3"}
)


@dataclass(frozen=True)
class MissingImport:
    """An import that nothing provides to a function.

    command: the command that adds its package. It is empty for a module that the target's standard library has removed,
    because a package with its name may be by another author.
    """

    function: str
    statement: Import
    command: str


@dataclass(frozen=True)
class UnusedPackage:
    """A package of a layer that no function's imports reach.

    only_for: the packages that only it needs. bytes: the size of all of them.
    """

    layer: str
    package: str
    bytes: int
    only_for: tuple[str, ...] = ()


def missing_imports(root: Path, built: Manifest) -> list[MissingImport]:
    """Return the imports that neither layers, nor code, standard library and runtime provide."""
    return [missing for name in function_layers.functions(root) for missing in _missing_in_function(root, name, built)]


def _missing_in_function(root: Path, function: str, built: Manifest) -> Iterator[MissingImport]:
    folder = root / "lambda" / function
    available = modules(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    for layer in built.layers_of(function):
        available |= modules(layer_files(root, layer)) | start_up_files.extra_modules(root, layer)
    built_in = standard_library.module_names(built.python) | RUNTIME_MODULES
    removed = standard_library.removed_names(built.python)
    for statement in imports(folder):
        top = statement.name.partition(".")[0]
        if top not in built_in and not provides(available, statement.name):
            yield MissingImport(function, statement, "" if top in removed else _add_command(root, function, top))


def layer_files(root: Path, layer: Layer) -> list[str]:
    """Return the names of a layer's files, relative to its import root."""
    with zipfile.ZipFile(root / layer.zip) as zipped:
        return [name.removeprefix("python/") for name in zipped.namelist()]


def _add_command(root: Path, function: str, module: str) -> str:
    locked = plan.read_lock(root).packages
    canonical = canonicalize_name(module)
    # importlib.metadata maps modules to packages, such as yaml to PyYAML, if the package is installed here
    installed = [canonicalize_name(name) for name in packages_distributions().get(module, ())]
    package = canonical if canonical in locked else (installed or [canonical])[0]
    users = [name for name in function_layers.functions(root) if _imports_module(root / "lambda" / name, module)]
    return lockfile.existing(root).add_command(package, "" if len(users) > 1 else function)


def runtime_conflicts(root: Path, built: Manifest) -> list[str]:
    """Return a warning for functions that run the runtime's boto3 with packages of their layers."""
    conflicts: list[str | None] = []
    for name in function_layers.functions(root):
        packages = {package.name for layer in built.layers_of(name) for package in layer.packages}
        names = [statement.name for statement in imports(root / "lambda" / name)]
        conflicts.append(boto3_rule.runtime_conflict(name, names, packages, lockfile.existing(root)))
    return [*filter(None, conflicts)]


def _imports_module(folder: Path, module: str) -> bool:
    return any(statement.name.partition(".")[0] == module for statement in imports(folder))


def unused_packages(root: Path, built: Manifest) -> list[UnusedPackage]:
    """Return the packages of layers that no import reaches, largest first, each with those that only it needs.

    Packages that a reached package needs are not reported.
    """
    target, locked = settings.read(root / "pyproject.toml").target, plan.read_lock(root)
    needed = _needed_packages(root, built, lambda package: locked.closure(package, target))
    packages: list[UnusedPackage] = []
    for layer in built.layers:
        sizes = {package.name: package.bytes for package in layer.packages}
        unused = sizes.keys() - frozenset[str]().union(*(needed[name] for name in layer.functions))
        closures = {name: locked.closure(name, target) & unused for name in sorted(unused)}
        for name in _unneeded_by_others(closures):
            size = sum(sizes[package] for package in closures[name])
            packages.append(UnusedPackage(layer.name, name, size, tuple(sorted(closures[name] - {name}))))
    return sorted(packages, key=lambda package: -package.bytes)


def _needed_packages(
    root: Path, built: Manifest, closure: Callable[[str], frozenset[str]]
) -> dict[str, frozenset[str]]:
    """Return function -> the packages that its imports reach. closure: package -> it and all that it needs."""
    modules_of = {layer.name: import_graph.layer_modules(root, layer) for layer in built.layers}
    needed: dict[str, frozenset[str]] = {}
    for name in function_layers.functions(root):
        available: dict[str, import_graph.Module] = {}
        for layer in built.layers_of(name):
            available |= modules_of[layer.name]
        names = [statement.name for statement in imports(root / "lambda" / name)]
        needed[name] = import_graph.reachable_packages(names, available, closure)
    return needed


def _unneeded_by_others(closures: Mapping[str, Set[str]]) -> Iterator[str]:
    """Yield the packages that no other one needs; of packages that need each other, the first by name."""
    for name, closure in closures.items():
        dependents = [other for other, needs in closures.items() if name in needs and other != name]
        if all(dependent in closure and name < dependent for dependent in dependents):
            yield name
