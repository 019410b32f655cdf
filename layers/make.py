"""The build, from the exported lock on: slices -> pieces -> layers -> layers.json, written last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from layers import ahead, cache, interpreter, key, limits, reuse, sdk, settings, slices
from layers.assemble import Record, layer
from layers.errors import LayersError
from layers.pieces import Workshop
from layers.plan import Closures, graph, plan


def make(root: Path, closures: Closures, pool: ThreadPoolExecutor) -> list[str]:
    """Make every layer of the project in `root`, then layers.json; what people should be warned of.

    pool: where Poetry is at work on the closures.

    Raises WrongUse for what is wrong with the project, LayersError for what is wrong with its packages.
    """
    chosen = settings.read(root / "pyproject.toml")
    locked = graph(root)
    asked = key.of_project(root)
    workshop = Workshop(
        root=root,
        settings=chosen,
        python=interpreter.find(chosen.python),
        lock=locked,
        machinery=key.machinery(root, chosen.python),
        cache=cache.Cache(cache.folder()),
    )
    imported = pool.submit(ahead.import_rest)
    ahead.make_ready(workshop)
    parts = plan(root, chosen, closures)
    _whole(parts)
    pieces = workshop.pieces([pin for part in parts for pin in (*part.pins, *part.left_out)])
    imported.result()
    records = list(pool.map(lambda part: layer(workshop, part, pieces), parts))
    made = _project(workshop, records)
    warnings = limits.check(root, made["manifest"]["layers"])
    if key.of_project(root) != asked:
        raise LayersError("the project was changed while its layers were built; build again")
    workshop.cache.keep_record(asked, made)
    if not reuse.put(root, made, workshop.cache):
        raise LayersError(f"a file in {workshop.cache.folder} was damaged while the build ran; build again")
    workshop.cache.prune()
    return [*_without_bytecode(workshop), *warnings]


def _without_bytecode(workshop: Workshop) -> list[str]:
    if workshop.python:
        return []
    version = workshop.settings.python
    told = (
        f"no Python {version} was found here, so the layers hold no bytecode, and every cold start compiles them; "
        f"install it (`pyenv install {version}`, `uv python install {version}`) and build again"
    )
    return [told]


def _project(workshop: Workshop, records: list[Record]) -> Record:
    target = {"python": workshop.settings.python, "architecture": workshop.settings.architecture}
    layers = [record["layer"] for record in records]
    manifest = {"target": target, "bytecode": workshop.python is not None, "layers": layers}
    return {"manifest": manifest, "files": {path: d for record in records for path, d in record["files"].items()}}


def _whole(parts: list[slices.Slice]) -> None:
    for function in sorted({function for part in parts for function in part.functions}):
        used = [part for part in parts if function in part.functions]
        left_out = {pin.name for part in used for pin in part.left_out}
        if sdk.ROOT not in left_out:
            sdk.whole(function, {pin.name for part in used for pin in part.pins})
