"""The comparison of another MiniStack version with the installed one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.emulator.ministack import compare, patches, sources
from rehearsal.emulator.ministack.compare import NotComparable
from rehearsal.emulator.ministack.used_names import names_in, used_names
from tests.root import ROOT

TARGET, USED = "ministack.core.persistence:save_state", "ministack.services.s3:_buckets"


@pytest.fixture
def _same_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the other version the installed one, and run no test."""
    monkeypatch.setattr(compare, "install", lambda *_: Path(sys.executable))
    monkeypatch.setattr(compare, "failed_tests", lambda *_: [])


@pytest.mark.usefixtures("_same_version")
def test_the_installed_version_has_no_differences(capsys: pytest.CaptureFixture[str]) -> None:
    """Comparing the installed version exits with 0 and prints a summary."""
    assert compare.main(["1.5.33"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "0 patched functions changed, 0 removed",
        "0 used names changed, 0 removed",
        "0 faults fixed upstream, or their tests broke",
    ]


@pytest.mark.usefixtures("_same_version")
def test_differences_are_printed_and_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The comparison prints a changed patched function, a removed used name, and a fixed fault."""
    versions = iter([{}, {TARGET: "def save_state(): ...\n", USED: None}])
    test, *_ = compare.FAULTS
    monkeypatch.setattr(compare, "sources", lambda _, names: {**dict.fromkeys(names, "as before\n"), **next(versions)})
    monkeypatch.setattr(compare, "failed_tests", lambda *_: [test])
    assert compare.main(["1.5.33"]) == 1
    told = capsys.readouterr().out
    assert f"--- installed {TARGET}\n+++ other {TARGET}\n" in told
    assert "+def save_state(): ...\n" in told
    assert "\n1 patched functions changed, 0 removed\n" in told
    assert f"\n0 used names changed, 1 removed\n  removed: {USED}\n" in told
    assert told.endswith(f"\n1 faults fixed upstream, or their tests broke\n  {test}: {compare.FAULTS[test]}\n")


@pytest.mark.parametrize("arguments", [[], ["1.5.33", "1.5.32"], ["--help"]])
def test_one_version_is_needed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong arguments exit with 2 and print an example."""
    assert compare.main(arguments) == 2
    assert "make ministack VERSION=" in capsys.readouterr().out


def test_a_version_that_cannot_be_installed_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A version that cannot be installed exits with 2 and prints uv's error."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    assert compare.main(["0.0.1"]) == 2
    assert "ministack" in capsys.readouterr().out


def test_the_other_version_is_in_front_of_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other version's environment finds its own MiniStack, and the installed other packages; uv is a fake."""

    def install(*command: str) -> None:
        if command[1] == "venv":
            run(*command)
        else:
            (site,) = tmp_path.glob("lib/python*/site-packages")
            (site / "ministack.py").touch()

    run = compare._run
    monkeypatch.setattr(compare, "_run", install)
    monkeypatch.setenv("PATH", os.pathsep.join([str(ROOT / ".tools" / "bin"), os.environ["PATH"]]))
    code = "import ministack, pytest; print(ministack.__file__, pytest.__file__)"
    python = compare.install("1.2.3", tmp_path)
    found = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert [Path(path).is_relative_to(tmp_path) for path in found] == [True, False]


def test_failed_tests_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failed tests are reported by id and reason; a test that cannot be collected is an error."""
    monkeypatch.chdir(tmp_path)
    planted = "@pytest.mark.parametrize('a', [1, 2])\ndef test_red(a): assert a == 3\ndef test_green(): ...\n"
    (tmp_path / "test_planted.py").write_text(f"import pytest\n{planted}")
    red, green, python = "test_planted.py::test_red", "test_planted.py::test_green", Path(sys.executable)
    assert compare.failed_tests(python, [red, green]) == [red]
    assert "assert 1 == 3" in capsys.readouterr().out
    assert compare.failed_tests(python, [green]) == []
    (tmp_path / "test_planted.py").write_text("import none\n")
    with pytest.raises(NotComparable, match="exit code"):
        compare.failed_tests(python, [green])


def test_used_names_are_those_of_the_port() -> None:
    """The used names include functions and stores of the port, also public ones."""
    assert {USED, "ministack.core.responses:get_account_id", "ministack.core.lambda_runtime:Worker"} <= used_names()


def test_names_are_found_in_every_form() -> None:
    """Imported names, aliases and module attributes are found."""
    text = (
        "from ministack import app as a\nfrom ministack.core.responses import get_region as r\na.AUTH\nr()\nother.x\n"
    )
    assert names_in(text) == {"ministack.app:AUTH", "ministack.core.responses:get_region"}


def test_every_name_that_is_patched_or_used_has_a_source() -> None:
    """Every patched or used name has a source; a store's is its type, a missing name's is None."""
    targets = {replaced.target for correction in patches.CORRECTIONS for replaced in correction.patches}
    assert [name for name in targets | used_names() if sources.source(name, {}) is None] == []
    assert sources.source(USED, {}) == "AccountScopedDict\n"
    assert sources.source("ministack.services.s3:_none", {}) is None
