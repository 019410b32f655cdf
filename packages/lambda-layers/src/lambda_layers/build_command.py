"""`lambda-layers build`, and the build that other commands do before they read the layers."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from lambda_layers import manifest
from lambda_layers.builder.restore import restore_build


def build() -> int:
    """Restore the build of the current lock and settings, or build the layers; print what was built."""
    root = Path.cwd()
    restored = restore_build(root)
    if restored:
        code = f"built the code of {', '.join(restored.new)}" if restored.new else "nothing to do"
        print(f"layers: {code}, build/layers/ is what the lock says", file=sys.stderr)
        _print_warnings(restored.warnings)
        return 0
    from lambda_layers.builder import project_build

    _print_warnings(project_build.build(root))
    _print_tables(manifest.read(root / manifest.MANIFEST_PATH))
    return 0


def current_manifest() -> manifest.Manifest:
    """Return layers.json of the current lock and settings, built if necessary; print warnings only."""
    from lambda_layers.builder import project_build

    root = Path.cwd()
    _print_warnings(project_build.restore_or_build(root))
    return manifest.read(root / manifest.MANIFEST_PATH)


def _print_tables(built: manifest.Manifest) -> None:
    from lambda_layers.analysis import report
    from lambda_layers.selection import boto3_rule

    report.show(report.layers_table(built))
    report.show(report.functions_table(built))
    if message := boto3_rule.size_message(built):
        print(f"layers: {message}", file=sys.stderr)


def _print_warnings(warnings: Iterable[str]) -> None:
    for warning in warnings:
        print(f"layers: warning: {warning}", file=sys.stderr)
