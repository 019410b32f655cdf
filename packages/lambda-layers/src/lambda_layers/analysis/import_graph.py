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
    found: dict[str, Module] = {}
    with zipfile.ZipFile(root / layer.zip) as zipped:
        for record in [name for name in zipped.namelist() if name.endswith(".dist-info/RECORD")]:
            package = canonicalize_name(Path(record).parts[1].split("-")[0])
            for row in record_file.read(zipped.read(record)):
                found |= {name: Module(package, root / layer.zip, f"python/{row.path}") for name in modules([row.path])}
    return found


def reachable_packages(
    names: Iterable[str], all_modules: Mapping[str, Module], needs: Callable[[str], frozenset[str]]
) -> frozenset[str]:
    """Return the packages that imports of `names` reach among `all_modules`, with all that they need.

    A module's imports count if they run when it is loaded, and so do strings that name a module, for imports by name.
    Imports inside functions do not count: they may never run.
    """
    every, found = {module.package for module in all_modules.values()}, frozenset[str]()
    seen: set[str] = set()
    front = [*names]
    while front and not found >= every:
        for name in [name for name in _executed_modules(front.pop(), all_modules) if name not in seen]:
            seen.add(name)
            if all_modules[name].package not in found:
                found |= needs(all_modules[name].package)
            front += _imported_names(name, all_modules)
    return found


def _executed_modules(name: str, all_modules: Mapping[str, Module]) -> list[str]:
    """Return the modules that an import of `name` executes: its parents and itself, or all of a namespace."""
    parts = name.split(".")
    ways = [way for end in range(len(parts)) if (way := ".".join(parts[: end + 1])) in all_modules]
    return ways or [module for module in all_modules if module.startswith(f"{name}.")]


def _imported_names(name: str, all_modules: Mapping[str, Module]) -> Iterator[str]:
    module = all_modules[name]
    if not module.file.endswith(".py"):
        return
    above = name if module.file.endswith("/__init__.py") else name.rpartition(".")[0]
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
            source_name = _absolute_name("." * node.level + (node.module or ""), above)
            yield from (f"{source_name}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value):
            named = _absolute_name(node.value, above)
            yield from [named] if named in all_modules else []


def _absolute_name(name: str, above: str) -> str:
    rest = name.lstrip(".")
    level = len(name) - len(rest)
    if not level:
        return name
    parts = above.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([rest] if rest else [])])
