"""Imports in the functions' code, and whether a set of files provides them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lambda_layers.errors import LayersError

_OPTIONAL = {"ImportError", "ModuleNotFoundError", "Exception"}
_MODULE = re.compile(r"(?:/__init__)?(?:\.py|(?:\.[\w-]+)?\.so)$")


@dataclass(frozen=True)
class Import:
    """One import: its dotted name with the imported name, and its file and line."""

    name: str
    path: Path
    line: int


def imports(folder: Path) -> list[Import]:
    """Return every absolute import in the Python files below `folder`, inside functions too.

    Imports for type checkers only, and those whose failure the code handles, are left out. Raises LayersError, with the
    line, for a file that is not Python.
    """
    # Emacs marks an open file by a link `.#name`, which leads nowhere.
    paths = sorted(path for path in folder.rglob("*.py") if path.is_file())
    return [statement for path in paths for statement in _imports_of_file(path)]


def _imports_of_file(path: Path) -> Iterator[Import]:
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        raise LayersError(f"{path}:{error.lineno or 1}: is not Python: {error.msg}") from error
    for node in runtime_nodes(tree.body):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, path, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (Import(f"{node.module}.{alias.name}", path, node.lineno) for alias in node.names)


def runtime_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield every node, except those for type checkers only and the blocks whose ImportError is handled."""
    for node in nodes:
        yield node
        yield from runtime_nodes(_unguarded_children(node))


def load_time_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield every node that runs when a module is loaded or one of its attributes is looked up."""
    for node in nodes:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name == "__getattr__":
            yield from load_time_nodes(_runtime_children(node))


def _unguarded_children(node: ast.AST) -> Iterable[ast.AST]:
    if isinstance(node, ast.Try) and any(_handles_import_error(handler.type) for handler in node.handlers):
        return [*node.handlers, *node.orelse, *node.finalbody]
    if isinstance(node, ast.With) and any(_suppresses_import_error(item.context_expr) for item in node.items):
        return []
    return _runtime_children(node)


def _runtime_children(node: ast.AST) -> Iterable[ast.AST]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return node.body if isinstance(node.test, ast.UnaryOp) else node.orelse
    return ast.iter_child_nodes(node)


def _suppresses_import_error(block: ast.expr) -> bool:
    if not isinstance(block, ast.Call) or ast.unparse(block.func).rpartition(".")[2] != "suppress":
        return False
    return any(_handles_import_error(arg) for arg in block.args)


def _handles_import_error(error: ast.expr | None) -> bool:
    return error is None or bool(_OPTIONAL & {*re.findall(r"\w+", ast.unparse(error))})


def modules(files: Iterable[str]) -> frozenset[str]:
    """Return the dotted names of modules and regular packages. files: paths relative to the import root."""
    return frozenset(_MODULE.sub("", name).replace("/", ".") for name in files if _MODULE.search(name))


def provides(available: frozenset[str], name: str) -> bool:
    """Return whether an import of `name` succeeds: it, or a parent, is a module, or it is a namespace package."""
    parts = name.split(".")
    prefixes = [".".join(parts[: end + 1]) for end in range(len(parts))]
    return any(prefix in available for prefix in prefixes) or any(module.startswith(f"{name}.") for module in available)
