"""The page of the pipeline: its map, and the latest executions."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pipeline_console.pages.site import Site
from pipeline_console.views.execution import head

SHOWN = 8


def show(site: Site, request: Request) -> Response:
    """Render the pipeline."""
    latest = [head(summary) for summary in site.reads.executions()[:SHOWN]]
    return site.page(request, "pipeline.html", latest=latest)
