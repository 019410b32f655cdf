"""The packages that a function's code reaches, by its imports and those of the layers' modules."""

from __future__ import annotations

import ast
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name

from lambda_layers.analysis.imports import load_time_nodes, modules
from lambda_layers.builder import record_file
from lambda_layers.manifest import Layer

_NAME = re.compile(r"\.*[A-Za-z_][\w.]*")


class Module(NamedTuple):
    """One module of a layer: its package, the layer's zip, and its file in the zip."""

    package: str
    zip: Path
    file: str


def layer_modules(root: Path, layer: Layer) -> dict[str, Module]:
    """Return dotted name -> module, for the modules in the RECORDs of a layer's packages."""
    by_name: dict[str, Module] = {}
    with zipfile.ZipFile(root / layer.zip) as zipped:
        for record in [name for name in zipped.namelist() if name.endswith(".dist-info/RECORD")]:
            package = canonicalize_name(Path(record).parts[1].split("-")[0])
            for row in record_file.read(zipped.read(record)):
                for name in modules([row.path]):
                    by_name[name] = Module(package, root / layer.zip, f"python/{row.path}")
    return by_name


def reachable_packages(
    names: Iterable[str], all_modules: Mapping[str, Module], needs: Callable[[str], frozenset[str]]
) -> frozenset[str]:
    """Return the packages that imports of `names` reach among `all_modules`, with all that they need.

    A module's imports count if they run when it is loaded, and so do strings that name a module, for imports by name.
    Imports inside functions do not count: they may never run.
    """
    all_packages = {module.package for module in all_modules.values()}
    reached, seen = frozenset[str](), set[str]()
    pending = [*names]
    while pending and not reached >= all_packages:
        for name in _executed_modules(pending.pop(), all_modules):
            if name in seen:
                continue
            seen.add(name)
            if all_modules[name].package not in reached:
                reached |= needs(all_modules[name].package)
            pending += _imported_names(name, all_modules)
    return reached


def _executed_modules(name: str, all_modules: Mapping[str, Module]) -> list[str]:
    """Return the modules that an import of `name` executes: its parents and itself, or all of a namespace."""
    parts = name.split(".")
    prefixes = [".".join(parts[: end + 1]) for end in range(len(parts))]
    executed = [prefix for prefix in prefixes if prefix in all_modules]
    return executed or [module for module in all_modules if module.startswith(f"{name}.")]


def _imported_names(name: str, all_modules: Mapping[str, Module]) -> Iterator[str]:
    """Yield the names that a module imports when it is loaded, and the modules that its strings name."""
    module = all_modules[name]
    if not module.file.endswith(".py"):
        return
    package = name if module.file.endswith("/__init__.py") else name.rpartition(".")[0]
    with zipfile.ZipFile(module.zip) as zipped:
        source = zipped.read(module.file)
    try:
        nodes = ast.parse(source).body
    except SyntaxError:
        return  # a template, or for another version: no import of it succeeds
    for node in load_time_nodes(nodes):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source_name = _absolute_name("." * node.level + (node.module or ""), package)
            yield from (f"{source_name}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value):
            named = _absolute_name(node.value, package)
            if named in all_modules:
                yield named


def _absolute_name(name: str, package: str) -> str:
    """Return the name that a relative import of `name` in a module of `package` refers to."""
    rest = name.lstrip(".")
    level = len(name) - len(rest)
    if not level:
        return name
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([rest] if rest else [])])
