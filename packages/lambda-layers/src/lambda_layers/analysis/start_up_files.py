"""Files that need Python's start-up: `.pth` files, and namespace packages that need `pkg_resources`.

A layer is on `sys.path`. AWS does not document whether Lambda reads `.pth` files there, so they are reported.
"""

from __future__ import annotations

import ast
import zipfile
from collections.abc import Iterator
from pathlib import Path

from lambda_layers.analysis.imports import modules, runtime_nodes
from lambda_layers.manifest import Layer, Manifest

_PKG_RESOURCES = "pkg_resources"
# Namespace packages without a module work without their file, and setuptools needs its file only during installation.
_HARMLESS = ("-nspkg.pth", "distutils-precedence.pth")


def warnings(root: Path, built: Manifest) -> list[str]:
    """Return warnings about files that may work in a virtual environment, and not on Lambda."""
    return [
        warning
        for layer in built.layers
        for warning in (*_path_file_warnings(root, layer), *_namespace_warnings(root, built, layer))
    ]


def extra_modules(root: Path, layer: Layer) -> frozenset[str]:
    """Return the modules that only the `.pth` files of a layer make importable."""
    with zipfile.ZipFile(root / layer.zip) as zipped:
        names = [name.removeprefix("python/") for name in zipped.namelist()]
        folders = [line for _, lines in _path_files(zipped) for line in lines if not line.startswith("import")]
    below = (name.removeprefix(f"{folder}/") for folder in folders for name in names if name.startswith(f"{folder}/"))
    return modules(below)


def _path_files(zipped: zipfile.ZipFile) -> Iterator[tuple[str, list[str]]]:
    for name in zipped.namelist():
        if name.endswith(".pth") and name.count("/") == 1 and not name.endswith(_HARMLESS):
            text = zipped.read(name).decode(errors="replace")
            lines = [line.strip().rstrip("/") for line in text.splitlines()]
            yield name.removeprefix("python/"), [line for line in lines if line and not line.startswith("#")]


def _path_file_warnings(root: Path, layer: Layer) -> Iterator[str]:
    with zipfile.ZipFile(root / layer.zip) as zipped:
        for name, _ in _path_files(zipped):
            yield (
                f"layer {layer.name}: {name} is for a folder of site packages; AWS does not document that Lambda reads "
                "it in a layer, so what needs it may be missing there"
            )


def _namespace_warnings(root: Path, built: Manifest, layer: Layer) -> Iterator[str]:
    if "setuptools" in {package.name for other in built.layers for package in other.packages}:
        return
    with zipfile.ZipFile(root / layer.zip) as zipped:
        for name in zipped.namelist():
            if name.endswith("/__init__.py") and _needs_pkg_resources(zipped.read(name)):
                module = name.removeprefix("python/")
                yield (
                    f"layer {layer.name}: {module} imports {_PKG_RESOURCES} to declare a namespace, "
                    "and no layer has setuptools: importing it fails; add setuptools<81, or take a newer version of it"
                )


def _needs_pkg_resources(source: bytes) -> bool:
    """Return whether importing a module needs pkg_resources; most modules handle its absence."""
    if b"declare_namespace" not in source:
        return False
    try:
        nodes = [*runtime_nodes(ast.parse(source).body)]
    except SyntaxError:
        return False
    return any(_imports_pkg_resources(node) for node in nodes)


def _imports_pkg_resources(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name == _PKG_RESOURCES for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module == _PKG_RESOURCES
    called = isinstance(node, ast.Call) and ast.unparse(node.func) == "__import__"
    return called and _PKG_RESOURCES in ast.unparse(node)
