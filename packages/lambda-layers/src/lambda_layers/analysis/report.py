"""Tables for users, printed to standard error; JSON for programs goes to standard output."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from lambda_layers.analysis.diff import Change
from lambda_layers.manifest import Layer, Manifest
from lambda_layers.target import limits


class Table:
    """Columns as wide as their cells, under a title. right: the columns that are aligned to the right."""

    def __init__(self, title: str, *columns: str, right: Sequence[str] = ()) -> None:
        """Begin with no rows."""
        self._title, self._columns = title, columns
        self._right = [column in right for column in columns]
        self._rows: list[Sequence[str]] = []

    def add_row(self, *cells: str) -> None:
        """Add a row; without cells it is a blank line."""
        self._rows.append(cells)

    def text(self) -> str:
        """Return the title, the names of the columns, a rule, and the rows."""
        rows = [self._columns, *filter(None, self._rows)]
        widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        rule = ["-" * width for width in widths]
        lines = (self._line(cells, widths) for cells in (self._columns, rule, *self._rows))
        return "\n".join([self._title, *lines]).rstrip()

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        placed = zip(cells, widths, self._right, strict=False)
        return "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in placed).rstrip()


def show(table: Table) -> None:
    """Print a table on standard error."""
    print(f"\n{table.text()}", file=sys.stderr)


def layers_table(built: Manifest) -> Table:
    """Return a table with a row for each layer and, below it, for each of its packages, the largest first."""
    bytecode = "with bytecode" if built.bytecode else "without bytecode"
    title = f"Layers for Python {built.python} on {built.architecture}, {bytecode}"
    columns = ("Layer", "Package", "Version", "Unzipped", "Zip", "Functions")
    table = Table(title, *columns, right=("Unzipped", "Zip"))
    for layer in built.layers:
        _add_layer_rows(table, layer)
    return table


def _add_layer_rows(table: Table, layer: Layer) -> None:
    sizes = f"{layer.unzipped_bytes:,}", f"{layer.bytes:,}"
    table.add_row(layer.name, f"{len(layer.packages)} packages", layer.sha256[:12], *sizes, ", ".join(layer.functions))
    for package in sorted(layer.packages, key=lambda package: -package.bytes):
        table.add_row("", package.name, package.version, f"{package.bytes:,}", "", "")
    for package in layer.left_out:
        table.add_row("", package.name, package.version, f"-{package.bytes:,}", "", "left out: the runtime brings it")
    table.add_row()


def functions_table(built: Manifest) -> Table:
    """Return a table of each function's unzipped size with its layers, compared with Lambda's limit."""
    sizes = ("Code", "Unzipped", "Of the limit")
    table = Table("Functions", "Function", "Layers", *sizes, right=sizes)
    for code in built.functions:
        layers = built.layers_of(code.name)
        size = code.unzipped_bytes + sum(layer.unzipped_bytes for layer in layers)
        names = ", ".join(layer.name for layer in layers)
        table.add_row(code.name, names, code.sha256[:12], f"{size:,}", f"{size / limits.UNZIPPED:.1%}")
    return table


def changes_table(changes: Sequence[Change], revision: str) -> Table:
    """Return a table with a row for each changed package, and the sum."""
    table = Table(f"Against {revision}", "Layer", "Package", "", "Before", "After", "Bytes", right=("Bytes",))
    for change in changes:
        versions = [package.version if package else "" for package in (change.before, change.after)]
        table.add_row(change.layer, change.name, change.kind, *versions, f"{change.bytes:+,}")
    table.add_row()
    table.add_row("", "", "", "", "", f"{sum(change.bytes for change in changes):+,}")
    return table
