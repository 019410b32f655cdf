"""Names of MiniStack that the modules in `port` use, read from their source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PORT = Path(__file__).with_name("port")


def used_names() -> set[str]:
    """Return `module:name` of everything in MiniStack that the modules in `port` use."""
    texts = (path.read_text() for path in PORT.glob("*.py"))
    return {name for text in texts for name in names_in(text)}


def names_in(text: str) -> set[str]:
    """Return `module:name` of what a module imports from MiniStack, and of the attributes of what it imports."""
    tree = ast.parse(text)
    imported = dict(_imports(tree))
    attributes = {
        (imported[node.value.id], node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported
    }
    modules = {path for path, _ in attributes}
    functions = {tuple(path.rsplit(".", 1)) for path in imported.values() if path not in modules}
    return {f"{module}:{name}" for module, name in attributes | functions}


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each name that is imported from MiniStack, with its dotted path."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "ministack":
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
