"""The command line: parses arguments and calls a command."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lambda_layers import build_command, error_boundary, manifest

if TYPE_CHECKING:
    from lambda_layers.analysis.check import MissingImport, UnusedPackage


def main() -> None:
    """Run one command, and exit with its code."""
    sys.exit(error_boundary.run(_run))


def _run() -> int:
    try:
        return cli.main(standalone_mode=False, prog_name="lambda-layers") or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort as error:
        raise KeyboardInterrupt from error


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lambda-layers", message="%(prog)s %(version)s")
def cli() -> None:
    """Turn poetry.lock or uv.lock into Lambda layers."""


_JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output instead of a table.")


@cli.command()
@_JSON_OPTION
def build(*, as_json: bool) -> None:
    """Build the layers into build/layers/, with layers.json."""
    if as_json:
        build_command.current_manifest()
        click.echo((Path.cwd() / manifest.MANIFEST_PATH).read_text(), nl=False)
    else:
        build_command.build()


@cli.command()
@click.argument("package")
@_JSON_OPTION
def why(package: str, *, as_json: bool) -> None:
    """Show which groups require PACKAGE, and which layer has it."""
    from lambda_layers.analysis import why as verb

    reasons = verb.why(Path.cwd(), package)
    if as_json:
        _print_json([asdict(reason) for reason in reasons])
        return
    for reason in reasons:
        click.echo(f"{verb.explain(reason)}: {' -> '.join(reason.way)}")


@cli.command()
@click.argument("revision", metavar="REV")
@_JSON_OPTION
def diff(revision: str, *, as_json: bool) -> None:
    """Show which packages and bytes differ from the layers of git revision REV."""
    from lambda_layers.analysis import diff as verb
    from lambda_layers.analysis import report

    before = verb.manifest_at_revision(Path.cwd(), revision)
    changes = verb.compare_manifests(before, build_command.current_manifest())
    if as_json:
        _print_json([change.as_dict() for change in changes])
    elif changes:
        report.show(report.changes_table(changes, revision))
    else:
        click.echo(f"layers: no package differs from {revision}", err=True)


@cli.command()
@_JSON_OPTION
def check(*, as_json: bool) -> int:
    """Fail where no layer provides an import of a function; report packages that no function imports."""
    from lambda_layers.analysis import check as verb
    from lambda_layers.analysis import start_up_files

    root, built = Path.cwd(), build_command.current_manifest()
    missing, unused = verb.missing_imports(root, built), verb.unused_packages(root, built)
    for warning in [*verb.runtime_conflicts(root, built), *start_up_files.warnings(root, built)]:
        click.echo(f"layers: warning: {warning}", err=True)
    if as_json:
        records = [_missing_import_record(root, missing_import) for missing_import in missing]
        _print_json({"missing": records, "unused": [asdict(package) for package in unused]})
    else:
        _print_check(root, built, missing, unused)
    return int(bool(missing))


def _print_check(
    root: Path, built: manifest.Manifest, missing: Sequence[MissingImport], unused: Sequence[UnusedPackage]
) -> None:
    for missing_import in missing:
        statement, command = missing_import.statement, missing_import.command
        where = f"{statement.path.relative_to(root)}:{statement.line}"
        advice = f"`{command}`" if command else f"Python {built.python} took it out of the standard library"
        message = f"{where}: no layer of {missing_import.function} provides {statement.name}; {advice}"
        click.echo(message, err=True)
    if not missing:
        click.echo("layers: every import of the functions is provided", err=True)
    for package in unused:
        more = f" with {', '.join(package.only_for)}" if package.only_for else ""
        size = f"{package.bytes:,} bytes{more}"
        click.echo(f"layer {package.layer}: no function imports {package.package}; {size}", err=True)


def _missing_import_record(root: Path, missing: MissingImport) -> dict[str, object]:
    statement = missing.statement
    where = {"file": statement.path.relative_to(root).as_posix(), "line": statement.line}
    return {"function": missing.function, "import": statement.name, **where, "command": missing.command}


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))
