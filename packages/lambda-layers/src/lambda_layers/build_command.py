"""`lambda-layers build`, and what other commands build before they look at the layers."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from lambda_layers import manifest


def build_now() -> int:
    """Build the layers that no earlier build made, and show them."""
    from lambda_layers.builder.command import build

    _warn(build(Path.cwd()))
    show(manifest.read(Path.cwd() / manifest.MANIFEST_PATH))
    return 0


def build_or_restore() -> manifest.Manifest:
    """Have build/layers/ hold what the lock says."""
    from lambda_layers.builder.command import build
    from lambda_layers.builder.restore import restore_build

    root = Path.cwd()
    restored = restore_build(root)
    _warn(restored.warnings if restored else build(root))
    return manifest.read(root / manifest.MANIFEST_PATH)


def show(built: manifest.Manifest) -> None:
    """Print tables of the layers and functions."""
    from lambda_layers.analysis import report
    from lambda_layers.selection import boto3_rule

    report.show(report.layers_table(built))
    report.show(report.functions_table(built))
    told = boto3_rule.size_message(built)
    if told:
        print(f"layers: {told}", file=sys.stderr)


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        print(f"layers: warning: {warning}", file=sys.stderr)
