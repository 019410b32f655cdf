"""The parts that pages share: reads, options, and the rendering of templates."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.reads.alias_weights import AliasWeights
from pipeline_console.reads.client import Aws
from pipeline_console.reads.log_file import LogFiles
from pipeline_console.reads.pipeline import PipelineReads
from pipeline_console.reads.rehearsal import RehearsalReads
from pipeline_console.reads.watch import Watch
from pipeline_console.security import Keys
from pipeline_console.views import times
from pipeline_console.views.pipeline_map import PipelineMap, pipeline_map

# Executions that pages look at for revisions and stories.
LATEST = 100
_TITLES = {
    "denied": "AWS denied a read",
    "throttled": "AWS throttles",
    "unreachable": "AWS does not answer",
    "missing": "Not found",
    "rejected": "AWS rejected the call",
}


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: 1 call, 2 calls."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


@cache
def templates() -> Environment:
    """Return the templates of all pages, each of which is compiled once in a process."""
    environment = Environment(
        loader=PackageLoader("pipeline_console.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {name: getattr(times, name) for name in ("duration", "iso", "clock", "tick")}
    environment.filters["counted"] = counted
    return environment


@dataclass(frozen=True)
class Options:
    """The permissions of this console. rehearsed: the AWS is an embedded one. events: a folder of the project."""

    approve: bool = False
    invoke: bool = False
    rehearsed: bool = False
    events: Path | None = None


@dataclass
class Site:
    """One console for one pipeline."""

    aws: Aws
    reads: PipelineReads
    keys: Keys
    options: Options
    now: Callable[[], float] = field(default=time.time)

    @cached_property
    def watch(self) -> Watch:
        return Watch(self.aws, self.reads, rehearsed=self.options.rehearsed)

    @cached_property
    def rehearsal(self) -> RehearsalReads:
        return RehearsalReads(self.aws)

    @cached_property
    def weights(self) -> AliasWeights:
        return AliasWeights(self.aws)

    @cached_property
    def logs(self) -> LogFiles:
        return LogFiles(self.aws)

    def map(self) -> PipelineMap:
        """Return the pipeline as it is now. Raises ReadFailed."""
        return pipeline_map(self.reads.definition(), self.reads.state(), self.reads.executions(LATEST))

    def page(self, request: Request, template: str, status: int = 200, **values: object) -> Response:
        """Render a whole page, with the pipeline's map above it."""
        if "map" not in values:
            values["map"] = self.map()
        text = (
            templates()
            .get_template(template)
            .render(site=self, now=self.now(), path=request.url.path, file=False, **values)
        )
        return HTMLResponse(text.encode(errors="replace"), status)

    def problem(self, request: Request, problem: Problem) -> Response:
        """Render the page of a read that the whole page needed."""
        status = 404 if problem.kind == "missing" else 502
        return self.page(request, "problem.html", status, map=None, problem=problem, title=_TITLES[problem.kind])

    def attempt[T](self, read: Callable[[], T]) -> tuple[T | None, Problem | None]:
        """Return what a read brings, or why it failed: the rest of the page is shown in any case."""
        try:
            return read(), None
        except ReadFailed as failed:
            return None, failed.problem
