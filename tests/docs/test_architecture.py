"""The first diagram of docs/architecture.md, compared with the imports of the code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import grimp
import pytest

from tests.root import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
IMPORTED = ("pipeline", "stages", "cdk_delivery", "lambda_layers", "pipeline_console", "rehearsal")
Graph = Mapping[str, set[str]]


def folder(module: str) -> str | None:
    """Return the node of a module: its package, or its folder inside `rehearsal`; None for single modules there."""
    package, _, rest = module.partition(".")
    if package != "rehearsal":
        return package
    name = rest.partition(".")[0]
    return name if (ROOT / "packages" / "rehearsal" / "src" / "rehearsal" / name / "__init__.py").exists() else None


def imports() -> Graph:
    """Return which folder imports which others."""
    graph = grimp.build_graph(*IMPORTED, cache_dir=None)
    edges: dict[str, set[str]] = {}
    for module in graph.modules:
        importer = folder(module)
        imported = {folder(name) for name in graph.find_modules_directly_imported_by(module)}
        if importer:
            edges.setdefault(importer, set()).update(name for name in imported if name and name != importer)
    return edges


def reachable(graph: Graph, start: str) -> set[str]:
    """Return every folder that `start` imports, directly or through others."""
    found = set[str]()
    for name in graph[start]:
        found |= {name} | reachable(graph, name)
    return found


def reduced(graph: Graph) -> Iterator[str]:
    """Return the diagram's arrows; an arrow that follows from others is left out."""
    for importer in sorted(graph):
        for name in sorted(graph[importer]):
            if not any(name in reachable(graph, other) for other in graph[importer] - {name}):
                yield f"  {importer} --> {name}"


def arrows(page: str) -> list[str]:
    """Return the arrows of the page's first diagram."""
    diagram = page.partition("```mermaid\n")[2].partition("```")[0]
    return [line for line in diagram.splitlines() if "-->" in line]


def test_the_diagram_has_the_imports_of_the_code() -> None:
    """The diagram has the imports between packages, and between folders of the rehearsal."""
    assert arrows(PAGE) == list(reduced(imports()))


@pytest.mark.gate
def test_an_import_that_the_diagram_lacks_is_found() -> None:
    """The comparison finds an import that the diagram lacks."""
    graph = {**imports(), "lambda_layers": {"rehearsal"}, "rehearsal": set[str]()}
    assert arrows(PAGE) != list(reduced(graph))
