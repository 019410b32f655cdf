"""`python -m bench.wheels`: build a layer of each of some thirty packages of PyPI, import it, and tabulate.

Each package is in the sample for one property that layer builders meet in practice. It needs the network, so it is no
part of `make test`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click

from bench.builders.builder import ROOT

PAGE = ROOT / "packages" / "lambda-layers" / "docs" / "wheels.md"
MARK = "<!-- what `python -m bench.wheels --docs` wrote -->"
PYTHON = "3.13"


class Sample(NamedTuple):
    """One package: what it is in the sample for, what is imported of it, and whether it has to be refused.

    `code` is run after the import, where the property shows only then. `more` is added to pyproject.toml.
    """

    requirement: str
    property: str
    module: str = ""
    code: str = ""
    refused: str = ""
    settings: str = ""
    more: str = ""


SAMPLES = (
    Sample("decord==0.6.0", "WHEEL file for another Python than the file name", "decord"),
    Sample("cryptography", "abi3 module of Rust, cffi", "cryptography.fernet"),
    Sample("pydantic-core", "extension module of Rust with stubs", "pydantic_core"),
    Sample("numpy", "bundled libraries, headers that f2py reads", "numpy", "import numpy as n; n.linalg.inv(n.eye(3))"),
    Sample("pandas", "large, C++, tests inside of the package", "pandas"),
    Sample("pyarrow", "100 MB, bundled C++ libraries, thousands of headers", "pyarrow.parquet"),
    Sample("zope-interface", "namespace package, C extension", "zope.interface"),
    Sample("googleapis-common-protos", "namespace package without a module (PEP 420)", "google.api.annotations_pb2"),
    Sample("ruamel-yaml", "namespace package with nspkg.pth in old versions", "ruamel.yaml"),
    Sample("backports-tarfile", "namespace package of pkgutil", "backports.tarfile"),
    Sample(
        "imageio-ffmpeg",
        "program in the package, executable",
        "imageio_ffmpeg",
        "import imageio_ffmpeg as f, subprocess; subprocess.run([f.get_ffmpeg_exe(), '-version'], check=True)",
    ),
    Sample(
        "ruff",
        "native program among the scripts",
        "ruff",
        "import subprocess, sys, pathlib; p = pathlib.Path(sys.path[0], 'bin', 'ruff'); "
        "subprocess.run([p, '--version'], check=True)",
    ),
    Sample(
        "mypy",
        "stubs as data, extension modules at the top",
        "mypy.api",
        "import mypy.api as m; assert m.run(['-c', '1'])[2] == 0",
    ),
    Sample(
        "jedi",
        "stubs of other packages as data",
        "jedi",
        "import jedi; assert jedi.Script('import os; os.pa').complete(1, 16)",
    ),
    Sample("cffi", "headers that a module names", "cffi"),
    Sample("pybind11", "headers that only a compiler reads", "pybind11"),
    Sample("debugpy", "a library that is loaded by path, beside the sources of others", "debugpy"),
    Sample("psycopg2-binary", "bundled C libraries with hashed names", "psycopg2"),
    Sample("lxml", "headers and .pxd files of C libraries", "lxml.etree"),
    Sample("grpcio", "one large C++ extension module", "grpc"),
    Sample("rapidfuzz", "several extension modules for several processors", "rapidfuzz"),
    Sample(
        "pycryptodome",
        "libraries loaded by path, not by import",
        "Crypto.Cipher.AES",
        "from Crypto.Cipher import AES; AES.new(b'0' * 16, AES.MODE_CBC)",
    ),
    Sample("awscrt", "abi3 module at the top of the layer", "awscrt.io"),
    Sample("tzdata", "data only", "tzdata"),
    Sample("certifi", "a file that is read by path", "certifi", "import certifi; open(certifi.where())"),
    Sample("setuptools", "a .pth file, vendored packages", "setuptools"),
    Sample("coverage", "a .pth file that runs code at start-up", "coverage"),
    Sample("docutils", "scripts, data, many text files", "docutils.core"),
    Sample("six", "one module, no package", "six"),
    Sample("attrs", "two top-level packages", "attr"),
    Sample("types-requests", "stubs only: nothing can be imported"),
    Sample("celery==4.3.0", "requirements in parentheses, and one that PEP 508 does not allow"),
    Sample("uwsgi", "source only", refused="no wheel"),
    Sample("pywin32", "wheels for Windows only", refused="wheel"),
)


class Outcome(NamedTuple):
    """The result of one sample: `problem` is empty where it is as it should be."""

    version: str
    packages: int
    unzipped: int
    seconds: float
    seen: str
    problem: str = ""


def measure(sample: Sample, folder: Path) -> Outcome:
    """Lock one package with uv, build its layer with the command, import it from the unpacked layer."""
    _write_project(sample, folder)
    locked = _run(["uv", "lock", "--quiet", "--python", sys.executable], folder)
    if locked.returncode:
        return Outcome("", 0, 0, 0.0, "not locked", "" if sample.refused else _last_line(locked.stderr))
    before = time.monotonic()
    built = _run(["lambda-layers", "build", "--json"], folder)
    seconds = time.monotonic() - before
    if built.returncode:
        is_expected = built.returncode == 1 and sample.refused and sample.refused in built.stderr
        return Outcome(
            "", 0, 0, seconds, f"refused, exit {built.returncode}", "" if is_expected else _last_line(built.stderr)
        )
    (layer,) = json.loads(built.stdout)["layers"]
    name = sample.requirement.partition("==")[0]
    version = next(package["version"] for package in layer["packages"] if package["name"] == name)
    warnings = [line for line in built.stderr.splitlines() if "warning: " in line and "function" not in line]
    seen = f"built, {len(warnings)} warning{'s' * (len(warnings) > 1)}" if warnings else "built"
    problem = _import_problem(sample, folder, folder / layer["zip"]) if sample.module else ""
    return Outcome(version, len(layer["packages"]), layer["unzipped_bytes"], seconds, seen, problem)


def _write_project(sample: Sample, folder: Path) -> None:
    (folder / "lambda" / "one").mkdir(parents=True)
    (folder / "lambda" / "one" / "main.py").write_text("def handler(event, context): ...\n")
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "sample"\nversion = "1"\nrequires-python = "=={PYTHON}.*"\n'
        f'dependencies = ["{sample.requirement}"]\n'
        f'[tool.layers]\npython = "{PYTHON}"\narchitecture = "x86_64"\n{sample.settings}\n{sample.more}\n'
    )


def _import_problem(sample: Sample, folder: Path, layer: Path) -> str:
    _run(["unzip", "-q", str(layer), "-d", str(folder / "opt")], folder)
    script = (
        f"import sys; sys.path.insert(0, {str(folder / 'opt' / 'python')!r}); import {sample.module}\n{sample.code}"
    )
    done = _run([sys.executable, "-I", "-S", "-c", script], folder)
    return _last_line(done.stderr) if done.returncode else ""


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    tools = os.pathsep.join(str(ROOT / name / "bin") for name in (".venv", ".tools"))
    environ = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]


def markdown(outcomes: Iterable[tuple[Sample, Outcome]]) -> str:
    """Return the table: a row for each sample."""
    return "\n".join(
        [
            "| package | in the sample for | layer | packages | unzipped | s | imported |",
            "|---|---|---|---:|---:|---:|---|",
            *_rows(outcomes),
        ]
    )


def _rows(outcomes: Iterable[tuple[Sample, Outcome]]) -> Iterator[str]:
    for sample, outcome in outcomes:
        name = sample.requirement.partition("==")[0]
        imported = outcome.problem or (f"`{sample.module}`" if sample.module else "-")
        size = f"{outcome.unzipped:,}" if outcome.unzipped else "-"
        yield (
            f"| {name} {outcome.version} | {sample.property} | {outcome.seen} | {outcome.packages or '-'} | {size} | "
            f"{outcome.seconds:.1f} | {imported} |"
        )


@click.command()
@click.argument("names", nargs=-1)
@click.option("--docs", is_flag=True, help=f"Also write the table into {PAGE.relative_to(ROOT)}.")
def main(names: tuple[str, ...], *, docs: bool) -> None:
    """Build and import each sample (or those NAMES); 1 where one is not as it should be."""
    outcomes: list[tuple[Sample, Outcome]] = []
    for sample in SAMPLES:
        if not names or sample.requirement.partition("==")[0] in names:
            with tempfile.TemporaryDirectory(prefix="wheels-") as folder:
                outcomes.append((sample, measure(sample, Path(folder) / "project")))
            click.echo(next(_rows(outcomes[-1:])), err=True)
    click.echo(markdown(outcomes))
    if docs:
        before = PAGE.read_text().partition(MARK)[0]
        heading = (
            f"Measured on {datetime.now(UTC).date()} by `python -m bench.wheels --docs`, for Python {PYTHON} on x86_64."
        )
        PAGE.write_text(f"{before}{MARK}\n\n{heading}\n\n{markdown(outcomes)}\n")
    sys.exit(int(any(outcome.problem for _, outcome in outcomes)))


if __name__ == "__main__":
    main()
