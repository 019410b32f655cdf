"""The page of a log: lines in parts, phases, search."""

from __future__ import annotations

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.pages.execution_page import find_run, load
from pipeline_console.pages.site import Site
from pipeline_console.reads.log_file import LogFile
from pipeline_console.views.ansi import pieces
from pipeline_console.views.waterfall import ActionRun

MOST_LINES = 1000


def show(site: Site, request: Request) -> Response:
    """Render the page, which reads its lines by itself."""
    execution, flow = load(site, request.path_params["id"])
    run = find_run(flow.rows, request.path_params["action"])
    _log(site, run)
    return site.page(request, "log.html", execution=execution, run=run)


def read_lines(site: Site, request: Request) -> Response:
    """Answer with lines from a number on, as pieces of text, and with what is known of the whole log."""
    log = _requested(site, request)
    first, count = _number(request, "from", 0), min(_number(request, "count", 200), MOST_LINES)
    answer = {
        "total": log.total,
        "complete": log.complete,
        "problem": asdict(log.problem) if log.problem else None,
        "marks": [asdict(mark) for mark in list(log.marks)],
        "first": first,
        "lines": [pieces(line) for line in log.lines(first, count)],
    }
    return JSONResponse(answer)


def search(site: Site, request: Request) -> Response:
    """Answer with the numbers of the lines that hold a text."""
    text = request.query_params.get("q", "")
    numbers, more = _requested(site, request).search(text) if text else ([], False)
    return JSONResponse({"lines": numbers, "more": more})


def _requested(site: Site, request: Request) -> LogFile:
    _, flow = load(site, request.path_params["id"])
    return _log(site, find_run(flow.rows, request.path_params["action"]))


def _log(site: Site, run: ActionRun) -> LogFile:
    if not run.has_log:
        raise ReadFailed(Problem("missing", "codebuild:BatchGetBuilds", f"{run.place} has no build, and so no log"))
    return site.logs.of(run.external_id, run.region)


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isdecimal() else default
