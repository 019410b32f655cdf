"""The page of one execution: the first error, its story, the waterfall of its actions."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.pages.site import LATEST, Site
from pipeline_console.reads import first_error
from pipeline_console.views.execution import RUNNING, ExecutionHead, failed_stage, head, rollback_stages, story
from pipeline_console.views.waterfall import ActionRun, Waterfall, waterfall


def show(site: Site, request: Request) -> Response:
    """Render an execution; a red one begins with its first error."""
    execution, flow = load(site, request.path_params["id"])
    causes, problems = first_error.find(site.reads, execution.id, flow, rehearsed=site.options.rehearsed)
    return site.page(
        request,
        "execution.html",
        execution=execution,
        flow=flow,
        causes=causes,
        problems=problems,
        chapters=story(execution.id, site.reads.executions(LATEST)),
        failed_stage=failed_stage(flow),
        rollback_stages=rollback_stages(site.map(), flow) if execution.status not in RUNNING else [],
    )


def load(site: Site, id_: str) -> tuple[ExecutionHead, Waterfall]:
    """Return an execution and its attempts. Raises ReadFailed."""
    listed = [summary for summary in site.reads.executions(LATEST) if summary["pipelineExecutionId"].startswith(id_)]
    execution = head(listed[0] if len(listed) == 1 else site.reads.execution(id_))
    details = site.reads.actions(execution.id, ended=execution.status not in RUNNING)
    return execution, waterfall(details, site.now())


def find_run(runs: Sequence[ActionRun], id_: str) -> ActionRun:
    """Return the attempt of this id. Raises ReadFailed where there is none."""
    run = next((run for run in runs if run.id == id_), None)
    if run is None:
        raise ReadFailed(Problem("missing", "codepipeline:ListActionExecutions", f"there is no action execution {id_}"))
    return run
