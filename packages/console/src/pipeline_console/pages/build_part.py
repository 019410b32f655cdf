"""The build of an action, read when its details are opened."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pipeline_console.pages.execution_page import find_run, load
from pipeline_console.pages.site import Site
from pipeline_console.reads import builds
from pipeline_console.views.build import phases, report, waiting_seconds


def show(site: Site, request: Request) -> Response:
    """Render phases and reports, failed tests first."""
    _, flow = load(site, request.path_params["id"])
    run = find_run(flow.rows, request.path_params["action"])
    build, problem = site.attempt(lambda: builds.build(site.aws, run.external_id, run.region))
    answers, refused = site.attempt(lambda: builds.reports(site.aws, build, run.region) if build else [])
    reports = [report(answer, cases) for answer, cases in answers or ()]
    return site.page(
        request,
        "build.html",
        map=None,
        phases=phases(build) if build else [],
        waiting=waiting_seconds(build) if build else 0.0,
        reports=sorted(reports, key=lambda test_report: not test_report.failed),
        problem=problem or refused,
    )
