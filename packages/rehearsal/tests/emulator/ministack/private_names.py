"""A finder of uses of MiniStack's private names in Python source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

MODULES = ("ministack", "rehearsal.emulator.ministack.port")
# A string with a private name, such as the target of a patch or of mock.patch.
DOTTED = re.compile(r"^ministack(\.\w+)*[.:](\w+\.)*_(?!_)\w+")


def private_uses(text: str) -> list[str]:
    """Return each use of a private name of MiniStack, as it is written."""
    tree = ast.parse(text)
    names = dict(_imported(tree))
    return [use for node in ast.walk(tree) for use in _uses(node, names)]


def modules(folder: Path) -> dict[str, str]:
    """Return the text of each module below a folder, by its path in the folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.py"))}


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _is_module(name: str | None) -> bool:
    return any(name == module or (name or "").startswith(f"{module}.") for module in MODULES)


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the names that imports bind to a module of MiniStack or to one of its members."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if _is_module(node.module) or _is_module(f"{node.module}.{alias.name}"):
                    yield alias.asname or alias.name, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if _is_module(alias.name):
                    yield alias.asname or alias.name.partition(".")[0], alias.name


def _root(node: ast.expr) -> str:
    """Return the first name of a chain such as `a.b[c].d`; for vars(a) and a() it is a."""
    while True:
        if isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call):
            node = (
                node.args[0] if isinstance(node.func, ast.Name) and node.func.id == "vars" and node.args else node.func
            )
        else:
            return node.id if isinstance(node, ast.Name) else ""


def _uses(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and _is_private(node.attr) and _root(node) in names:
        yield ast.unparse(node)
    elif isinstance(node, ast.ImportFrom) and _is_module(node.module):
        yield from (f"from {node.module} import {alias.name}" for alias in node.names if _is_private(alias.name))
    elif isinstance(node, ast.Subscript) and _is_private(_text(node.slice)) and _root(node) in names:
        yield ast.unparse(node)
    elif isinstance(node, ast.Call) and len(node.args) > 1 and _is_private(_text(node.args[1])):
        if _root(node.args[0]) in names:
            yield ast.unparse(node)
    elif isinstance(node, ast.Constant) and DOTTED.match(_text(node)):
        yield _text(node)


def _text(node: ast.expr) -> str:
    """Return the text of a string constant; empty for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
