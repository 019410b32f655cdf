"""The page of functions: of every stack that the pipeline deploys; and their calls by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.pages.forms import Form
from pipeline_console.pages.site import Site
from pipeline_console.reads import functions as reads
from pipeline_console.views.functions import FunctionView, Place, places

PARALLEL, MOST_STACKS = 8, 40
# In a path, the account of the pipeline, where an action has no role that names one.
OWN = "own"
# How often an open page reads weights while an execution runs or traffic is shared.
REHEARSED_MILLISECONDS, AWS_MILLISECONDS = 800, 5000


def show(site: Site, request: Request) -> Response:
    """Render the functions of the chosen environment, the first one unless the query names another."""
    stacks = _stacks(site)
    environments = list(dict.fromkeys(place.environment for place in stacks))
    chosen = request.query_params.get("environment") or (environments[0] if environments else "")
    functions, problems = read_functions(site, [place for place in stacks if place.environment == chosen][:MOST_STACKS])
    site.weights.remember(chosen, functions)
    return site.page(
        request,
        "functions.html",
        environments=environments,
        chosen=chosen,
        functions=functions,
        problems=problems,
        events=event_files(site.options.events),
        own=OWN,
        every=REHEARSED_MILLISECONDS if site.options.rehearsed else AWS_MILLISECONDS,
    )


def _stacks(site: Site) -> list[Place]:
    return places(site.reads.definition(), site.aws.region)


def show_weights(site: Site, request: Request) -> Response:
    """Render the aliases of the functions that the page has listed, which reads them while traffic shifts."""
    aliases, problems = site.weights.read(request.query_params.get("environment", ""))
    return site.page(request, "weights.html", map=None, aliases=aliases, problems=problems)


def invoke(site: Site, request: Request, form: Form) -> Response:
    """Invoke a function with an event of the project, or with the one that was written."""
    known = event_files(site.options.events)
    event = form.get("event").strip() or known.get(form.get("file"), "{}")
    try:
        json.loads(event)
    except (ValueError, RecursionError) as error:
        return PlainTextResponse(f"the event is not JSON: {error}\n", 400)
    account, region, name = (request.path_params[key] for key in ("account", "region", "name"))
    account = "" if account == OWN else account
    stacks = [place for place in _stacks(site) if (place.account, place.region) == (account, region)]
    if not any(name in reads.names(site.aws, place) for place in stacks):
        return PlainTextResponse(f"the pipeline deploys no function {name} to {account}/{region}\n", 404)
    answer = reads.invoke(site.aws, (account, region), name, form.get("qualifier"), event)
    return site.page(request, "invoked.html", name=name, qualifier=form.get("qualifier"), event=event, answer=answer)


def read_functions(site: Site, stacks: list[Place]) -> tuple[list[FunctionView], list[Problem]]:
    """Return the functions of stacks, and why some could not be read."""
    problems: list[Problem] = []

    def read_stack(place: Place) -> list[FunctionView]:
        try:
            names = reads.names(site.aws, place)
        except ReadFailed as failed:
            problems.append(failed.problem)
            return []
        functions = (reads.read(site.aws, place, name, problems) for name in names)
        return [function for function in functions if function]

    with ThreadPoolExecutor(PARALLEL) as pool:
        functions = [*chain.from_iterable(pool.map(read_stack, stacks))]
    return functions, list(dict.fromkeys(problems))


def event_files(folder: Path | None) -> Mapping[str, str]:
    """Return the project's events by the names of their files."""
    files = sorted(folder.glob("*.json")) if folder else []
    return {file.name: file.read_text(errors="replace") for file in files}
