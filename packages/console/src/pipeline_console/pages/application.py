"""The application: every route, behind the guard."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from importlib.resources import files

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pipeline_console.errors import ReadFailed
from pipeline_console.pages import events, execution_page, pipeline_page
from pipeline_console.pages.site import Site
from pipeline_console.security import Guard

Page = Callable[[Site, Request], Response]
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def application(site: Site) -> ASGIApp:
    """Return the console as an ASGI application."""

    def page(path: str, answer: Page, method: str = "GET") -> Route:
        return Route(path, _in_thread(site, answer), methods=[method])

    routes = [
        page("/", pipeline_page.show),
        page("/executions/{id}", execution_page.show),
        page("/static/{name}", _static),
        Route("/events", functools.partial(events.stream, site)),
    ]
    return Guard(Starlette(routes=routes), site.keys)


def _in_thread(site: Site, answer: Page) -> Callable[[Request], Awaitable[Response]]:
    """A page reads AWS, which blocks: it has a thread."""

    async def endpoint(request: Request) -> Response:
        try:
            return await run_in_threadpool(answer, site, request)
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
