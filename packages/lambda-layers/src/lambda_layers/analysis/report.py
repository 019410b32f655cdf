"""Tables for users, printed to standard error; JSON for programs goes to standard output."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lambda_layers.analysis.diff import Change
from lambda_layers.manifest import Layer, Manifest
from lambda_layers.target import limits

# Columns of a table without a terminal, so that nothing is cut.
_WIDTH = 120


def show(table: Table) -> None:
    """Print a table on standard error."""
    Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _WIDTH).print(table)


def layers_table(built: Manifest) -> Table:
    """Return a table with a row for each layer and, below it, for each of its packages, the largest first."""
    bytecode = "with bytecode" if built.bytecode else "without bytecode"
    table = _table(
        f"Layers for Python {built.python} on {built.architecture}, {bytecode}", "Layer", "Package", "Version"
    )
    for title in ("Unzipped", "Zip"):
        table.add_column(title, justify="right")
    table.add_column("Functions")
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
    table.add_section()


def functions_table(built: Manifest) -> Table:
    """Return a table of each function's unzipped size with its layers, compared with Lambda's limit."""
    table = _table("Functions", "Function", "Layers")
    for title in ("Code", "Unzipped", "Of the limit"):
        table.add_column(title, justify="right")
    for code in built.functions:
        layers = built.layers_of(code.name)
        size = code.unzipped_bytes + sum(layer.unzipped_bytes for layer in layers)
        sizes = code.sha256[:12], f"{size:,}", f"{size / limits.UNZIPPED:.1%}"
        table.add_row(code.name, ", ".join(layer.name for layer in layers), *sizes)
    return table


def changes_table(changes: Sequence[Change], revision: str) -> Table:
    """Return a table with a row for each changed package, and the sum."""
    table = _table(f"Against {revision}", "Layer", "Package", "", "Before", "After")
    table.add_column("Bytes", justify="right")
    for change in changes:
        versions = [package.version if package else "" for package in (change.before, change.after)]
        table.add_row(change.layer, change.name, change.kind, *versions, f"{change.bytes:+,}")
    table.add_section()
    table.add_row("", "", "", "", "", f"{sum(change.bytes for change in changes):+,}")
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column == "Package")
    return table
