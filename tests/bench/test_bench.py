"""Measurements of build artifacts, and their tables."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench import artifact, plot, table
from bench.builders.builder import BuildFolders, Invalidation, Slice, Unavailable
from bench.builders.this import LayersBuilder
from bench.builders.uv_recipe import UvRecipe, pinned_project
from bench.cost import build_cost, cost

SITUATIONS = ("cold", "downloads", "warm", "one_changed", "nothing_changed")


def figures(seconds: float, **facts: Any) -> dict[str, Any]:
    """Return the figures of one builder."""
    told = dict.fromkeys(SITUATIONS, seconds)
    rest = {"zip_bytes": 10, "unzipped_bytes": 20, "import_seconds": 0.1, "compiled_modules": 0, "differing_files": 0}
    rest |= {"memory_bytes": 30, "complete": False}
    return {"version": "1", "seconds": told, "processor_seconds": told, **rest, **facts}


def folder(root: Path, text: str = "X = 1\n") -> Path:
    """Return a folder as `pip install -t` writes it, with bytecode that is checked by date."""
    package = root / "layer" / "python" / "base"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(text)
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(package)], check=True)
    return root / "layer"


@pytest.mark.gate
def test_modules_that_are_compiled_at_import_are_counted(tmp_path: Path) -> None:
    """Modules whose bytecode is invalid after zipping are counted as compiled at import."""
    found = artifact.measure_artifacts([folder(tmp_path)], ["base"])
    assert (found.compiled_modules, found.zip_bytes > 0, found.import_seconds > 0) == (1, True, True)


@pytest.mark.gate
def test_builds_that_differ_are_noticed(tmp_path: Path) -> None:
    """Builds are compared file by file, and zips as a whole."""
    here, there = folder(tmp_path / "a"), folder(tmp_path / "b")
    assert artifact.count_differing_files([here], [here]) == 0
    # each .pyc holds the path that it was compiled at
    assert artifact.count_differing_files([here], [there]) == 1
    for name, date in (("one.zip", 1990), ("two.zip", 1991)):
        with zipfile.ZipFile(tmp_path / name, "w") as zipped:
            zipped.writestr(zipfile.ZipInfo("a", (date, 1, 1, 0, 0, 0)), "same")
    assert artifact.count_differing_files([tmp_path / "one.zip"], [tmp_path / "two.zip"]) == 1


def test_processor_seconds_are_those_of_programs_too() -> None:
    """The processor time includes subprocesses."""
    command = [sys.executable, "-c", "sum(range(3_000_000))"]
    idle = cost(lambda: None)
    busy = cost(lambda: subprocess.run(command, check=True))
    assert busy.processor > idle.processor
    assert busy.clock >= idle.clock


def test_the_table_names_skipped_builders_and_reasons() -> None:
    """The table has ratios to the first builder, and the reason for each skipped builder."""
    told = table.markdown(
        {"own": {"ours": figures(0.5), "theirs": figures(2.0), "gone": {"version": "3", "skipped": "no npm"}}}
    )
    assert "| warm build, s | 0.50 | 2.00 (4.0 x) |" in told
    assert "Skipped: gone 3: no npm" in told


def test_completed_peers_have_a_table_of_their_own() -> None:
    """Builders with complete bytecode have a separate table; this builder is in both."""
    told = table.markdown({"own": {"ours": figures(0.5), "bare": figures(1.0), "whole": figures(2.0, complete=True)}})
    first, _, second = told.partition("### Slice `own`, like for like")
    assert "| ours 1 | bare 1 |" in first
    assert "whole" not in first
    assert "| ours 1 | whole 1 |" in second


def test_the_memory_is_that_of_the_largest_program() -> None:
    """The memory is measured for each build separately, and a failed build raises its reason."""
    large, small = (
        build_cost(partial(subprocess.run, [sys.executable, "-c", f"b'x' * {size}_000_000"], check=True)).memory
        for size in (300, 1)
    )
    assert large - small > 100_000_000
    with pytest.raises(Unavailable, match="no such tool"):
        build_cost(fail)


@pytest.mark.gate
def test_processor_seconds_of_orphans_are_counted() -> None:
    """The processor time includes processes that outlive their command, as with compileall."""
    orphan = f"{sys.executable} -c 'sum(range(20_000_000))' &"
    found = build_cost(partial(subprocess.run, ["sh", "-c", orphan], check=True))
    assert found.processor > build_cost(lambda: None).processor + 0.1


def slice_of(tmp_path: Path) -> BuildFolders:
    """Return the folders of a slice in which the package `changed` changes."""
    return BuildFolders(
        Slice("s", tmp_path, ("main",), (), "changed"), tmp_path / "project", tmp_path / "caches", tmp_path
    )


@pytest.mark.gate
@pytest.mark.parametrize(
    ("gone", "left"),
    [
        ("nothing", ["build", "changed", "code", "other"]),
        ("outputs", ["changed", "other"]),
        ("one", ["other"]),
        ("built", []),
    ],
)
def test_a_situation_has_in_its_caches_what_the_page_says(tmp_path: Path, gone: Invalidation, left: list[str]) -> None:
    """Each situation removes from the caches what the page says, and keeps downloads."""
    place = slice_of(tmp_path)
    cache = place.caches / "xdg" / "lambda-layers-pipeline" / "layers"
    downloads = cache / "uv" / "wheel"
    downloads.mkdir(parents=True)
    (cache / "records").mkdir()
    for name, record in {
        "build": {"manifest": {}},
        "code": {"function": {}},
        "changed": {"name": "changed"},
        "other": {"name": "other"},
    }.items():
        (cache / "records" / name).write_text(f"digest\n{json.dumps(record)}")
    (place.project / "build").mkdir(parents=True)
    LayersBuilder().invalidate(place, gone)
    assert sorted(path.name for path in (cache / "records").glob("*")) == left
    assert (place.project / "build").exists() == (gone == "nothing")
    assert downloads.exists()


@pytest.mark.gate
def test_uv_s_caches_are_empty_before_a_cold_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uv's cache is emptied after locking, which fills it with wheels."""
    place = slice_of(tmp_path)
    monkeypatch.setattr(UvRecipe, "_lock", lambda _, folders: (folders.caches / "uv").mkdir(parents=True))
    UvRecipe().invalidate(place, "all")
    assert not place.caches.exists()


def fail() -> None:
    """Raise the error of a builder that cannot run."""
    raise Unavailable("no such tool")


def test_the_plot_is_a_picture_with_a_bar_for_each_figure() -> None:
    """The plot is well-formed SVG with a bar for each figure, all within the picture."""
    text = plot.svg("Seconds <here>", {"ours": figures(0.05), "theirs": figures(20.0)})
    picture = ET.fromstring(text)  # noqa: S314 - it was made in this test
    bars = [element for element in picture.iter("{http://www.w3.org/2000/svg}rect") if element.get("height") == "12"]
    assert len(bars) == 2 * len(SITUATIONS)
    assert all(float(bar.get("x", 0)) + float(bar.get("width", 0)) < float(picture.get("width", 0)) for bar in bars)


def test_uv_gets_the_same_pins_as_the_other_builders() -> None:
    """uv's project has each exported package with version and marker, without options and comments."""
    exported = "# made by poetry\n--index-url x\nidna==3.20 ; python_version >= '3.12'\nrequests==2.34.2\n"
    project = tomllib.loads(pinned_project(exported))
    assert project["project"]["dependencies"] == ["idna==3.20 ; python_version >= '3.12'", "requests==2.34.2"]
    assert project["tool"]["uv"] == {"package": False}
