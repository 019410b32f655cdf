"""The commands: output streams and exit statuses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from lambda_layers import cli, manifest, settings
from lambda_layers.analysis.diff import Change, compare_manifests, manifest_at_revision
from lambda_layers.analysis.imports import imports
from lambda_layers.analysis.why import why
from lambda_layers.builder.project_build import build
from lambda_layers.builder.restore import restore_build
from lambda_layers.errors import LayersError, WrongUse
from lambda_layers.manifest import Layer, Manifest, Package
from tests.projects import Project
from tests.root import PACKAGE, ROOT
from tests.wheels import House


def command(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `lambda-layers` in a project."""
    environ = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    call = [sys.executable, "-m", "lambda_layers", *arguments]
    return subprocess.run(call, cwd=root, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def root(project: Project, house: House) -> Path:
    """A project whose function `one` has a separate layer."""
    house.wheel("base")
    house.wheel("deep")
    house.wheel("extra", requires=["deep"])
    return project.write({"main": ["base"], "one": ["extra"], "test": ["deep"]})


def test_the_table_is_on_standard_error_and_json_on_standard_output(root: Path) -> None:
    """The table is written to standard error, so that `cdk synth > file` does not have it."""
    first = command(root, "build")
    assert (first.returncode, first.stdout) == (0, "")
    assert all(word in first.stderr for word in ("shared", "extra", "Python 3.13 on x86_64, with bytecode"))
    second = command(root, "build")
    assert (second.returncode, second.stdout) == (0, "")
    assert "nothing to do" in second.stderr
    third = command(root, "build", "--json")
    assert third.stdout == (root / manifest.MANIFEST_PATH).read_text()


def test_the_reader_reads_what_the_builder_writes(root: Path) -> None:
    """layers.json follows its contract, and the reader returns each function's layers."""
    build(root)
    written: dict[str, Any] = json.loads((root / manifest.MANIFEST_PATH).read_text())
    assert written["target"] == {"python": "3.13", "architecture": "x86_64"}
    fields = {"name", "zip", "sha256", "bytes", "unzipped_bytes", "functions", "packages", "sbom"}
    assert all(fields <= layer.keys() for layer in written["layers"])
    read = manifest.read(root / manifest.MANIFEST_PATH)
    assert [layer.name for layer in read.layers_of("one")] == ["shared", "one"]
    assert [layer.name for layer in read.layers_of("two")] == ["shared"]
    with pytest.raises(WrongUse, match="build the layers with `lambda-layers build`"):
        manifest.read(root / "absent.json")


@pytest.mark.gate
def test_exit_statuses_distinguish_wrong_use_and_failed_checks(root: Path) -> None:
    """Wrong use and settings exit with 2, a failed check with 1; each has a remedy and no traceback."""
    pyproject = root / "pyproject.toml"
    good = pyproject.read_text()
    pyproject.write_text(good.replace("[tool.layers]", '[tool.layers]\nshard = "x"'))
    wrong = command(root, "build")
    assert wrong.returncode == 2
    assert "shard: there is no such setting" in wrong.stderr
    assert command(root, "bild").returncode == 2
    pyproject.write_text(good)
    (root / "lambda" / "two" / "main.py").write_text("import extra\n")
    red = command(root, "check")
    assert red.returncode == 1
    assert "lambda/two/main.py:1: no layer of two provides extra; `poetry add --lock --group two extra`" in red.stderr
    assert "Traceback" not in wrong.stderr + red.stderr


@pytest.mark.gate
@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        (
            "poetry.lock",
            b"<<<<<<< HEAD\n=======\n>>>>>>> other\n",
            "git left a conflict there: take one side of poetry",
        ),
        ("pyproject.toml", b"# \xe9\n", "pyproject.toml: 'utf-8' codec can't decode"),
        ("pyproject.toml", b"[tool]\nlayers = 3\n", "[tool.layers] is 3, and has to be a table"),
        ("build", b"", "/build"),
    ],
)
def test_damaged_files_are_wrong_use(root: Path, file: str, content: bytes, said: str) -> None:
    """Merge conflicts, wrong encodings and wrong types exit with 2, and the message names the file."""
    (root / file).write_bytes(content)
    for verb in (["build"], ["build", "--json"]):
        done = command(root, *verb)
        assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


@pytest.mark.gate
@pytest.mark.parametrize("text", [b"import base\ndef handler(:\n", b"import base\nx = '\xe9'\n"])
def test_a_handler_with_a_syntax_error_is_reported_with_its_line(tmp_path: Path, text: bytes) -> None:
    """A handler with a syntax error fails the check with its line."""
    (tmp_path / "main.py").write_bytes(text)
    with pytest.raises(LayersError, match=r"main\.py:[12]: is not Python: "):
        imports(tmp_path)


def test_why_prints_the_chain_and_the_layer(root: Path) -> None:
    """`why` prints the dependency chain with its layer; a development group has none."""
    reasons = [(reason.group, reason.way, reason.layer) for reason in why(root, "Deep")]
    assert reasons == [("one", ("extra", "deep"), "one"), ("test", ("deep",), "")]
    done = command(root, "why", "deep")
    assert done.stdout.splitlines()[0] == "layer one (group one): extra -> deep"


def test_why_names_the_marker_that_excludes_a_package(root: Path) -> None:
    """`why` names the marker that excludes a package from the layers."""
    lock = root / "poetry.lock"
    text = lock.read_text().replace('deep = "*"', 'deep = {version = "*", markers = "sys_platform == \'win32\'"}')
    lock.write_text(text.replace('name = "deep"\n', 'name = "deep"\nmarkers = "sys_platform == \'win32\'"\n'))
    pyproject = root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('test = ["deep"]', "test = []"))
    done = command(root, "why", "deep")
    assert (
        done.stdout == "no layer, not for the target: only where sys_platform == 'win32' (group one): extra -> deep\n"
    )


@pytest.mark.gate
def test_why_rejects_an_unknown_package(root: Path) -> None:
    """`why` rejects an unknown package and suggests similar names."""
    with pytest.raises(WrongUse, match=r"poetry.lock has no depe; near are deep"):
        why(root, "depe")


def test_diff_compares_with_another_revision(root: Path, house: House, project: Project) -> None:
    """`diff` builds the other revision's lock and compares the packages."""
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for step in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *step], check=True)
    house.wheel("base", files={"base/__init__.py": "NAME = 'base'\nMORE = 1\n"}, version="2.0")
    project.lock()
    done = command(root, "diff", "HEAD", "--json")
    assert done.returncode == 0, done.stderr
    (change,) = json.loads(done.stdout)
    assert (change["layer"], change["name"], change["kind"]) == ("shared", "base", "changed")
    assert (change["before"]["version"], change["after"]["version"]) == ("1.0", "2.0")
    assert change["bytes"] == change["after"]["bytes"] - change["before"]["bytes"] > 0
    unknown = command(root, "diff", "nowhere")
    assert unknown.returncode == 2
    assert "nowhere is not a revision" in unknown.stderr


@pytest.mark.gate
def test_a_revision_without_a_lock_is_reported_by_its_name(root: Path) -> None:
    """A revision without a lock file is an error that names the revision, not a temporary folder."""
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for step in (["init", "-q"], ["add", "pyproject.toml"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *step], check=True)
    with pytest.raises(WrongUse, match=r"revision HEAD has no poetry\.lock"):
        manifest_at_revision(root, "HEAD")


def test_changes_are_added_removed_or_changed() -> None:
    """A package that moves to another layer is removed from one and added to the other."""
    moved, same = Package("moved", "1", 5), Package("same", "1", 7)
    before, after = _built(shared=[moved, same], one=[]), _built(shared=[same], one=[moved])
    found = [(change.layer, change.kind, change.bytes) for change in compare_manifests(before, after)]
    assert found == [("one", "added", 5), ("shared", "removed", -5)]
    assert Change("shared", "same", same, Package("same", "2", 9)).kind == "changed"


def _built(**layers: list[Package]) -> Manifest:
    made = [Layer(name, "", "", 0, 0, ("one",), tuple(packages), "") for name, packages in layers.items()]
    return Manifest("3.13", "x86_64", tuple(made))


def test_the_command_prints_its_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`lambda-layers --version` prints the version of the installed package."""
    monkeypatch.setattr(sys, "argv", ["lambda-layers", "--version"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code, capsys.readouterr().out) == (0, f"lambda-layers {version('lambda-layers')}\n")


@pytest.mark.parametrize(
    ("fault", "expected"), [(KeyboardInterrupt(), (130, "interrupted")), (ZeroDivisionError(), (3, "bug"))]
)
def test_interruptions_and_bugs_have_codes_of_their_own(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: BaseException,
    expected: tuple[int, str],
) -> None:
    """An interruption exits with 130; a bug exits with 3, and its traceback is only in the log."""

    def broken(*_: object) -> None:
        raise fault

    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "argv", ["layers", "build"])
    monkeypatch.setattr("lambda_layers.builder.project_build.build", broken)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err
    assert (ended.value.code, expected[1] in said, "Traceback" in said) == (expected[0], True, False)
    if expected[0] == 3:
        log = Path(said.split()[-1])
        text = log.read_text()
        assert "ZeroDivisionError" in text
        assert text.startswith(f"lambda-layers {version('lambda-layers')}\nPython ")
        assert "layers build" in text
        log.unlink()


def test_an_unusable_cache_is_reported(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file in place of the cache's folder is an error that names XDG_CACHE_HOME."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    done = command(root, "build")
    assert done.returncode == 2
    assert "let XDG_CACHE_HOME name a folder" in done.stderr


@pytest.mark.slow
def test_the_page_shows_the_layers_of_this_project() -> None:
    """docs/layers.md has the names, versions, digests and sizes of this tree's build."""
    if restore_build(ROOT) is None:
        build(ROOT)
    page = (ROOT / "docs" / "layers.md").read_text().splitlines()
    made = manifest.read(ROOT / manifest.MANIFEST_PATH)
    for layer in made.layers:
        sizes = [layer.sha256[:12], f"{layer.unzipped_bytes:,}", f"{layer.bytes:,}"]
        shown = [[layer.name, str(len(layer.packages)), "packages", *sizes, *", ".join(layer.functions).split()]]
        shown += [[package.name, package.version, f"{package.bytes:,}"] for package in layer.packages]
        assert [row for row in shown if row not in [line.split() for line in page]] == []
    for code in made.functions:
        size = code.unzipped_bytes + sum(layer.unzipped_bytes for layer in made.layers_of(code.name))
        row = [*", ".join(layer.name for layer in made.layers_of(code.name)).split(), code.sha256[:12], f"{size:,}"]
        assert any(line.split()[:-1] == [code.name, *row] for line in page), f"{code.name}: {row}"


def test_the_page_knows_every_command_and_setting() -> None:
    """docs/layers.md shows exactly the existing commands and settings."""
    page = (ROOT / "docs" / "layers.md").read_text()
    shown = set(re.findall(r"lambda-layers (\w+)", page))
    assert shown == set(cli.cli.commands)
    block = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])
    assert block["tool"]["layers"].keys() == settings.PARSERS.keys()
