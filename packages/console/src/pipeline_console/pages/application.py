"""The application: every route, behind the guard."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Awaitable, Callable
from importlib.resources import files

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pipeline_console.bug_report import write_bug_report
from pipeline_console.errors import ReadFailed
from pipeline_console.pages import (
    approval_page,
    build_part,
    events,
    execution_changes,
    execution_page,
    functions_page,
    history_page,
    log_page,
    permissions_page,
    pipeline_page,
)
from pipeline_console.pages.forms import Form, Rejected, read_form
from pipeline_console.pages.site import Site
from pipeline_console.security import Guard

Page = Callable[[Site, Request], Response]
Change = Callable[[Site, Request, Form], Response]
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def application(site: Site) -> ASGIApp:
    """Return the console as an ASGI application."""

    def page(path: str, answer: Page) -> Route:
        return Route(path, _in_thread(site, answer), methods=["GET"])

    def change(path: str, answer: Change, *, allowed: bool = site.options.approve) -> Route:
        return Route(path, _with_form(site, answer, allowed=allowed), methods=["POST"])

    routes = [
        page("/", pipeline_page.show),
        page("/executions", history_page.show),
        page("/executions.json", history_page.show_json),
        page("/executions/{id}", execution_page.show),
        page("/executions/{id}/actions/{action}/build", build_part.show),
        page("/executions/{id}/actions/{action}/log", log_page.show),
        page("/executions/{id}/actions/{action}/log/lines", log_page.read_lines),
        page("/executions/{id}/actions/{action}/log/search", log_page.search),
        page("/functions", functions_page.show),
        page("/functions/weights", functions_page.show_weights),
        page("/permissions", permissions_page.show),
        page("/permissions/decisions", permissions_page.read_decisions),
        page("/approvals/{stage}/{action}", approval_page.show),
        page("/static/{name}", _static),
        change("/functions/{account}/{region}/{name}/invoke", functions_page.invoke, allowed=site.options.invoke),
        change("/approvals/{stage}/{action}", approval_page.answer),
        change("/executions/{id}/retry", execution_changes.retry),
        change("/executions/{id}/stop", execution_changes.stop),
        change("/executions/{id}/rollback", execution_changes.roll_back),
        Route("/events", functools.partial(events.stream, site)),
    ]
    return Guard(Starlette(routes=routes, exception_handlers={Exception: BugLogs().report}), site.keys)


class BugLogs:
    """A bug of the console leaves a log, as that of the command does; its traceback reaches no page.

    A page that is loaded again writes no second log of the same bug.
    """

    def __init__(self) -> None:
        self._written: dict[str, str] = {}

    async def report(self, _: Request, __: Exception) -> Response:
        """Answer with the path of the log."""
        traceback_text = traceback.format_exc()
        if traceback_text not in self._written:
            self._written[traceback_text] = write_bug_report("pipeline-console-bug-", ("cdk-pipeline-console", "boto3"))
        text = f"this is a bug in the console itself; please report it with {self._written[traceback_text]}\n"
        return PlainTextResponse(text, 500)


def _in_thread(site: Site, answer: Page) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that renders a page in a thread, because it reads AWS, which blocks."""

    async def endpoint(request: Request) -> Response:
        try:
            return await run_in_threadpool(answer, site, request)
        except ReadFailed as failed:
            return await run_in_threadpool(site.problem, request, failed.problem)

    return endpoint


def _with_form(site: Site, answer: Change, *, allowed: bool) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint for a change, which needs the permission of the command line, and a form of this server."""

    async def endpoint(request: Request) -> Response:
        if not allowed:
            return PlainTextResponse("this console may not: start it with --allow-approve or --allow-invoke\n", 403)
        try:
            form = await read_form(request, site.keys)
        except Rejected as rejected:
            return PlainTextResponse(f"{rejected}\n", rejected.status)
        try:
            return await run_in_threadpool(answer, site, request, form)
        except ReadFailed as failed:
            return await run_in_threadpool(site.problem, request, failed.problem)

    return endpoint


def _static(_: Site, request: Request) -> Response:
    name = request.path_params["name"]
    kind = _TYPES.get(name.rpartition(".")[2])
    file = files("pipeline_console.pages") / "static" / name
    if kind is None or not file.is_file():
        return PlainTextResponse("there is no such file\n", 404)
    return Response(file.read_bytes(), media_type=kind, headers={"cache-control": "no-cache"})
