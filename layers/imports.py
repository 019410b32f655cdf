"""What the functions' own code imports, and whether a set of files provides it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from layers.errors import LayersError

_OPTIONAL = {"ImportError", "ModuleNotFoundError", "Exception"}
_MODULE = re.compile(r"(?:/__init__)?(?:\.py|(?:\.[\w-]+)?\.so)$")


@dataclass(frozen=True)
class Import:
    """One import: the dotted name, with what it takes from there, and where it stands."""

    name: str
    path: Path
    line: int


def imports(folder: Path) -> list[Import]:
    """Every absolute import of the Python files below `folder`, in functions too.

    Left out are imports for type checkers alone, and those whose failure the code handles. Raises LayersError, with its
    line, for a file that is no Python.
    """
    return [found for path in sorted(folder.rglob("*.py")) for found in _of(path)]


def _of(path: Path) -> Iterator[Import]:
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        raise LayersError(f"{path}:{error.lineno or 1}: is no Python: {error.msg}") from error
    for node in _walk(tree.body):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, path, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (Import(f"{node.module}.{alias.name}", path, node.lineno) for alias in node.names)


def _walk(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _walk(node.orelse)
        elif isinstance(node, ast.Try) and any(_handles(handler) for handler in node.handlers):
            yield from _walk([*node.handlers, *node.orelse, *node.finalbody])
        else:
            yield from _walk(ast.iter_child_nodes(node))


def _handles(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or bool(_OPTIONAL & {*re.findall(r"\w+", ast.unparse(handler.type))})


def modules(files: Iterable[str]) -> frozenset[str]:
    """The dotted names of the modules and regular packages among files, whose paths are below the import root."""
    return frozenset(_MODULE.sub("", name).replace("/", ".") for name in files if _MODULE.search(name))


def provides(there: frozenset[str], name: str) -> bool:
    """Whether an import of `name` finds its way: a module or regular package on it, or a namespace at its end."""
    parts = name.split(".")
    ways = [".".join(parts[: end + 1]) for end in range(len(parts))]
    return any(way in there for way in ways) or any(module.startswith(f"{name}.") for module in there)
