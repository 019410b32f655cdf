"""The layer builders, side by side on the same lock slices."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import artifact
from bench.builders.builder import ROOT, Builder, BuildFolders, Invalidation, Slice, Unavailable
from bench.builders.cdk import Cdk
from bench.builders.complete import Complete
from bench.builders.pants import Pants
from bench.builders.recipe import Recipe
from bench.builders.sam import Sam
from bench.builders.serverless import Serverless
from bench.builders.this import LayersBuilder
from bench.builders.uv_recipe import CompleteUvRecipe, UvRecipe
from bench.cost import Cost, build_cost

BUILDERS: tuple[Builder, ...] = (
    LayersBuilder(),
    Recipe(),
    Sam(),
    Serverless(),
    UvRecipe(),
    Pants(),
    Cdk(),
    Complete(Recipe(compiles=False), "requirements.txt"),
    Complete(Sam(), "layer/requirements.txt"),
    CompleteUvRecipe(),
)
POWERTOOLS = "aws_lambda_powertools.utilities"
SLICES = (
    Slice(
        "own", ROOT, ("main", "echo"), (f"{POWERTOOLS}.batch", f"{POWERTOOLS}.parser", "pydantic"), "annotated-types"
    ),
    Slice(
        "native", ROOT / "bench" / "slices" / "native", ("main",), (f"{POWERTOOLS}.parser", "requests", "boto3"), "idna"
    ),
    Slice(
        "large",
        ROOT / "bench" / "slices" / "large",
        ("main", "arrow", "frames", "science"),
        ("numpy", "pandas", "pyarrow.parquet", "scipy.linalg"),
        "tzdata",
        most_runs=1,
        left_out=(
            "sam build --cached",
            "sam build --cached, completed",
            "serverless-python-requirements",
            "poetry export + pip install -t, completed",
        ),
    ),
)
# Name of a figure -> what is removed before the build.
SITUATIONS: dict[str, Invalidation] = {
    "cold": "all",
    "downloads": "built",
    "warm": "outputs",
    "one_changed": "one",
    "nothing_changed": "nothing",
}


def measure(
    scratch: Path, *, runs: int, say: Callable[[str], None], without: Sequence[str] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each slice's name with builder -> figures, or why it was skipped. Of several runs, the fastest counts."""
    left_out = "left out of this run by --without"
    tools = {
        builder.name: left_out if builder.name in without else _install_tool(builder, scratch, say)
        for builder in BUILDERS
    }
    for slice_ in SLICES:
        yield slice_.name, _measure_project(slice_, scratch, tools, runs, say)


def _install_tool(builder: Builder, scratch: Path, say: Callable[[str], None]) -> Path | str:
    tool = scratch / "tools" / f"{builder.name.replace(' ', '-')}-{builder.version.replace(' ', '-')}"
    if tool.exists():
        return tool
    say(f"installing {builder.name} {builder.version}")
    tool.mkdir(parents=True)
    try:
        builder.prepare(tool)
    except Unavailable as error:
        shutil.rmtree(tool)
        return str(error)
    return tool


def _measure_project(
    slice_: Slice, scratch: Path, tools: dict[str, Path | str], runs: int, say: Callable[[str], None]
) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    folders_of: dict[str, BuildFolders] = {}
    for builder in BUILDERS:
        tool = tools[builder.name]
        if builder.name in slice_.left_out:
            tool = "left out of this slice, because it takes minutes"
        figures[builder.name] = {"version": builder.version, "complete": builder.complete}
        figures[builder.name] |= {"skipped": tool} if isinstance(tool, str) else {}
        if isinstance(tool, Path):
            folders_of[builder.name] = _copy_project(slice_, scratch / "here", builder, tool)
    # Round by round, so that other load on the machine affects all builders.
    costs: dict[str, dict[str, list[Cost]]] = {name: {situation: [] for situation in SITUATIONS} for name in folders_of}
    runs = min(runs, slice_.most_runs)
    for turn in range(runs):
        for builder in [builder for builder in BUILDERS if "skipped" not in figures[builder.name]]:
            try:
                _measure_situations(builder, folders_of[builder.name], costs[builder.name])
                say(f"{slice_.name}, run {turn + 1} of {runs}: {builder.name}")
            except Unavailable as error:
                figures[builder.name]["skipped"] = str(error)
    for builder in [builder for builder in BUILDERS if "skipped" not in figures[builder.name]]:
        figures[builder.name] |= _figures(builder, folders_of[builder.name], scratch / "there", costs[builder.name])
    return figures


def _copy_project(slice_: Slice, folder: Path, builder: Builder, tool: Path) -> BuildFolders:
    name = f"{slice_.name}-{builder.name.replace(' ', '-')}"
    return BuildFolders(slice_, artifact.copy(slice_.folder, folder / name), folder / f"{name}-caches", tool)


def _measure_situations(builder: Builder, folders: BuildFolders, costs: dict[str, list[Cost]]) -> None:
    for situation, invalidation in SITUATIONS.items():
        builder.invalidate(folders, invalidation)
        costs[situation].append(build_cost(lambda: builder.build(folders)))


def _figures(builder: Builder, folders: BuildFolders, elsewhere: Path, costs: dict[str, list[Cost]]) -> dict[str, Any]:
    second = _copy_project(folders.slice, elsewhere, builder, folders.tool)
    second.clear()
    builder.build(second)
    return {
        "seconds": {name: round(min(build.clock for build in builds), 3) for name, builds in costs.items()},
        "processor_seconds": {
            name: round(min(build.processor for build in builds), 3) for name, builds in costs.items()
        },
        "memory_bytes": max(download.memory for download in costs["downloads"]),
        **artifact.measure_artifacts(builder.built_artifacts(folders), folders.slice.imports)._asdict(),
        "differing_files": artifact.count_differing_files(
            builder.built_artifacts(folders), builder.built_artifacts(second)
        ),
    }
