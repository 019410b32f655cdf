"""The command line: parses arguments, calls a verb, and turns an error into a message and a code."""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from layers import manifest
from layers.errors import LayersError

if TYPE_CHECKING:
    from layers.check import Missing


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
    except OSError as error:
        click.echo(f"layers: {f'{error.filename}: {error.strerror}' if error.filename else error}", err=True)
        code = 2
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


_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output instead of a table.")


@cli.command()
@_AS_JSON
def build(*, as_json: bool) -> None:
    """Build the layers into build/layers/, and layers.json beside them."""
    built = _built()
    if as_json:
        click.echo((Path.cwd() / manifest.WHERE).read_text(), nl=False)
        return
    from layers import report, sdk

    report.show(report.of_build(built))
    report.show(report.of_functions(built, Path.cwd()))
    told = sdk.told(built)
    if told:
        click.echo(f"layers: {told}", err=True)


@cli.command()
@click.argument("package")
@_AS_JSON
def why(package: str, *, as_json: bool) -> None:
    """Tell which group pulls PACKAGE into which layer."""
    from layers import why as verb

    reasons = verb.why(Path.cwd(), package)
    if as_json:
        _write([asdict(reason) for reason in reasons])
    for reason in [] if as_json else reasons:
        where = f"layer {reason.layer}" if reason.layer else "no layer"
        where += ", left out: the runtime brings it" if reason.left_out else ""
        where += f", not for the target: only where {' or '.join(reason.only_where)}" if reason.only_where else ""
        click.echo(f"{where} (group {reason.group}): {' -> '.join(reason.way)}")


@cli.command()
@click.argument("revision", metavar="REV")
@_AS_JSON
def diff(revision: str, *, as_json: bool) -> None:
    """Tell which packages and bytes differ from the layers of git revision REV."""
    from layers import diff as verb
    from layers import report

    changes = verb.changes(verb.built_at(Path.cwd(), revision), verb.built(Path.cwd()))
    if as_json:
        _write([change.told() for change in changes])
    elif changes:
        report.show(report.of_changes(changes, revision))
    else:
        click.echo(f"layers: no package differs from {revision}", err=True)


@cli.command()
@_AS_JSON
def check(*, as_json: bool) -> int:
    """Fail where a function imports what nothing provides; report packages that nobody imports."""
    from layers import check as verb

    root, built = Path.cwd(), _built()
    missing, unused = verb.missing(root, built), verb.unused(root, built)
    for told in verb.over_the_runtime(root, built):
        click.echo(f"layers: warning: {told}", err=True)
    if as_json:
        _write({"missing": [_missing(each) for each in missing], "unused": [asdict(each) for each in unused]})
        return int(bool(missing))
    for each in missing:
        where = f"{each.found.path.relative_to(root)}:{each.found.line}"
        click.echo(f"{where}: no layer of {each.function} provides {each.found.name}; `{each.command}`", err=True)
    if not missing:
        click.echo("layers: every import of the functions is provided", err=True)
    for lone in unused:
        more = f" with {', '.join(lone.only_for)}" if lone.only_for else ""
        click.echo(f"layer {lone.layer}: no function imports {lone.package}; {lone.bytes:,} bytes{more}", err=True)
    return int(bool(missing))


def _missing(each: Missing) -> dict[str, Any]:
    where = {"file": each.found.path.relative_to(Path.cwd()).as_posix(), "line": each.found.line}
    return {"function": each.function, "import": each.found.name, **where, "command": each.command}


def _built() -> manifest.Manifest:
    from layers import build as verb
    from layers.reuse import reuse

    root = Path.cwd()
    warnings = reuse(root)
    for warning in verb.build(root) if warnings is None else warnings:
        click.echo(f"layers: warning: {warning}", err=True)
    return manifest.read(root / manifest.WHERE)


def _write(value: object) -> None:
    click.echo(json.dumps(value, indent=2))
