"""The command line: parses arguments, calls a command, and turns an error into a message and an exit code."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lambda_layers import manifest
from lambda_layers.bug_report import write_bug_report
from lambda_layers.errors import LayersError

if TYPE_CHECKING:
    from lambda_layers.analysis.check import MissingImport


# Otherwise pydantic reads the entry points of every installed package to find its plugins.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def main() -> None:
    """Run one command, and exit: 0 done; 1 the build or a check failed; 2 wrong use; 3 a bug; 130 interrupted."""
    try:
        code = cli.main(standalone_mode=False, prog_name="lambda-layers")
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
        code = _report_bug()
    sys.exit(code or 0)


def _report_bug() -> int:
    log = write_bug_report("layers-bug-", ("lambda-layers",))
    click.echo(f"layers: this is a bug in the layer builder itself; please report it with {log}", err=True)
    return 3


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Turn poetry.lock or uv.lock into Lambda layers."""


_JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output instead of a table.")


@cli.command()
@_JSON_OPTION
def build(*, as_json: bool) -> None:
    """Build the layers into build/layers/, with layers.json."""
    built = _build_or_restore()
    if as_json:
        click.echo((Path.cwd() / manifest.MANIFEST_PATH).read_text(), nl=False)
        return
    from lambda_layers.analysis import report
    from lambda_layers.selection import boto3_rule

    report.show(report.layers_table(built))
    report.show(report.functions_table(built))
    told = boto3_rule.size_message(built)
    if told:
        click.echo(f"layers: {told}", err=True)


@cli.command()
@click.argument("package")
@_JSON_OPTION
def why(package: str, *, as_json: bool) -> None:
    """Tell which group pulls PACKAGE into which layer."""
    from lambda_layers.analysis import why as verb

    reasons = verb.why(Path.cwd(), package)
    if as_json:
        _print_json([asdict(reason) for reason in reasons])
    for reason in [] if as_json else reasons:
        click.echo(f"{verb.explain(reason)}: {' -> '.join(reason.way)}")


@cli.command()
@click.argument("revision", metavar="REV")
@_JSON_OPTION
def diff(revision: str, *, as_json: bool) -> None:
    """Tell which packages and bytes differ from the layers of git revision REV."""
    from lambda_layers.analysis import diff as verb
    from lambda_layers.analysis import report

    changes = verb.compare_manifests(verb.manifest_at_revision(Path.cwd(), revision), verb.current_manifest(Path.cwd()))
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

    root, built = Path.cwd(), _build_or_restore()
    missing, unused = verb.missing_imports(root, built), verb.unused_packages(root, built)
    for told in [*verb.runtime_conflicts(root, built), *start_up_files.warnings(root, built)]:
        click.echo(f"layers: warning: {told}", err=True)
    if as_json:
        _print_json(
            {"missing": [_missing_import_record(each) for each in missing], "unused": [asdict(each) for each in unused]}
        )
        return int(bool(missing))
    for each in missing:
        where = f"{each.found.path.relative_to(root)}:{each.found.line}"
        advice = f"`{each.command}`" if each.command else f"Python {built.python} took it out of the standard library"
        click.echo(f"{where}: no layer of {each.function} provides {each.found.name}; {advice}", err=True)
    if not missing:
        click.echo("layers: every import of the functions is provided", err=True)
    for lone in unused:
        more = f" with {', '.join(lone.only_for)}" if lone.only_for else ""
        click.echo(f"layer {lone.layer}: no function imports {lone.package}; {lone.bytes:,} bytes{more}", err=True)
    return int(bool(missing))


def _missing_import_record(each: MissingImport) -> dict[str, Any]:
    where = {"file": each.found.path.relative_to(Path.cwd()).as_posix(), "line": each.found.line}
    return {"function": each.function, "import": each.found.name, **where, "command": each.command}


def _build_or_restore() -> manifest.Manifest:
    from lambda_layers.builder import command as verb
    from lambda_layers.builder.restore import restore_build

    root = Path.cwd()
    restored = restore_build(root)
    for warning in restored.warnings if restored else verb.build(root):
        click.echo(f"layers: warning: {warning}", err=True)
    return manifest.read(root / manifest.MANIFEST_PATH)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))
