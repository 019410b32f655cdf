"""The command line: parses arguments, calls a verb, and turns an error into a message and a code."""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path

import click

from layers.errors import LayersError


def main() -> None:
    """Run one command. 0 done; 1 the build or a check went red; 2 wrong use or settings; 3 a bug; 130 interrupted."""
    try:
        code = cli.main(standalone_mode=False, prog_name="python -m layers")
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except LayersError as error:
        click.echo(f"layers: {error}", err=True)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("layers: interrupted", err=True)
        code = 130
    except Exception:
        code = _bug()
    sys.exit(code or 0)


def _bug() -> int:
    with tempfile.NamedTemporaryFile("w", prefix="layers-bug-", suffix=".log", delete=False) as log:
        traceback.print_exc(file=log)
    click.echo(f"layers: this is a bug in the layer builder itself; please report it with {log.name}", err=True)
    return 3


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Turn poetry.lock into Lambda layers."""


@cli.command()
def build() -> None:
    """Build the layers into build/layers/, and layers.json beside them."""
    from layers import build as verb
    from layers import manifest, reuse

    root = Path.cwd()
    if not reuse.reuse(root):
        verb.build(root)
    for layer in manifest.read(root / manifest.WHERE).layers:
        line = f"{layer.name}: {len(layer.packages)} packages, {layer.unzipped_bytes:,} bytes, {layer.zip}"
        click.echo(line, err=True)
