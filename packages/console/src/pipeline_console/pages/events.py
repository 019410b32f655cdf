"""The stream of server-sent events: which version of the pipeline is the latest.

Source: WHATWG HTML standard, "Server-sent events".
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from pipeline_console.pages.site import Site

# A comment in between keeps the connection, and finds out that the browser has gone.
ALIVE_SECONDS = 10.0


async def stream(site: Site, request: Request) -> Response:
    """Answer with an event for each change, until the browser goes."""
    return StreamingResponse(_events(site, request), media_type="text/event-stream")


async def _events(site: Site, request: Request) -> AsyncIterator[str]:
    seen = 0
    async with site.watch as watch:
        while not await request.is_disconnected():
            version = await watch.following(seen, ALIVE_SECONDS if seen else 0.0)
            if version == seen:
                yield ": alive\n\n"
                continue
            seen = version
            payload = {
                "version": version,
                "problem": str(watch.problem.message) if watch.problem else "",
                "throttled": watch.throttled,
                "running": watch.running,
                "pause": watch.pause,
            }
            yield f"data: {json.dumps(payload)}\n\n"
