"""The page of history: executions, and the figures of each environment; both as JSON as well."""

from __future__ import annotations

from typing import TypedDict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipeline_console.pages.site import Site
from pipeline_console.views.dora import Figures, FiguresJson, figures
from pipeline_console.views.execution import ExecutionHead, head
from pipeline_console.views.times import iso

MOST, DAYS, MOST_DAYS = 200, 30, 365


class ExecutionJson(TypedDict):
    """An execution as programs read it."""

    id: str
    status: str
    revision: str
    message: str
    started: str
    seconds: float | None
    trigger: str
    rollback_of: str | None


class HistoryJson(TypedDict):
    """Executions and figures as programs read them."""

    version: int
    pipeline: str
    executions: list[ExecutionJson]
    environments: list[FiguresJson]


def show(site: Site, request: Request) -> Response:
    """Render executions and figures; figures that cannot be read leave the executions."""
    days = _days(request)
    environments, problem = site.attempt(lambda: _figures(site, days))
    latest = [head(summary) for summary in site.reads.executions(MOST)]
    return site.page(
        request, "history.html", latest=latest, figures=environments or [], problem=problem, days=days, most=MOST
    )


def show_json(site: Site, request: Request) -> Response:
    """Answer with the same as JSON."""
    return JSONResponse(history(site, _days(request)))


def history(site: Site, days: int) -> HistoryJson:
    """Return executions and figures for programs."""
    heads = [head(summary) for summary in site.reads.executions(MOST)]
    return {
        "version": 1,
        "pipeline": site.reads.name,
        "executions": [_execution(execution) for execution in heads],
        "environments": [environment.as_json() for environment in _figures(site, days)],
    }


def _figures(site: Site, days: int) -> list[Figures]:
    reads = site.reads
    return figures(reads.definition(), reads.executions(MOST), reads.all_actions(), site.now(), days)


def _execution(execution: ExecutionHead) -> ExecutionJson:
    return {
        "id": execution.id,
        "status": execution.status,
        "revision": execution.revision.id,
        "message": execution.revision.message,
        "started": iso(execution.started),
        "seconds": execution.seconds,
        "trigger": execution.trigger,
        "rollback_of": execution.rollback_of or None,
    }


def _days(request: Request) -> int:
    text = request.query_params.get("days", "")
    return min(max(int(text), 1), MOST_DAYS) if text.isdecimal() else DAYS
