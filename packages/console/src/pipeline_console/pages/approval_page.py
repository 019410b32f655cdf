"""The page of an approval: what it releases, and the answer, which only the present wait takes."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.pages.execution_page import load
from pipeline_console.pages.forms import Form
from pipeline_console.pages.site import Site
from pipeline_console.reads.artifacts import candidates, read_changes
from pipeline_console.views.changes_report import ChangesReport, changes_report, in_order
from pipeline_console.views.pipeline_map import MapAction, PipelineMap
from pipeline_console.views.success_conditions import success_conditions
from pipeline_console.views.waterfall import Waterfall

ANSWERS = ("Approved", "Rejected")
# Source: CodePipeline API reference, "ApprovalResult": the length of a summary.
COMMENT_LENGTH = 512


@dataclass(frozen=True)
class Waiting:
    """An approval that waits now."""

    stage: str
    action: MapAction
    execution_id: str


def show(site: Site, request: Request) -> Response:
    """Render the changes, the missing permissions, and the form."""
    pipeline = site.map()
    waits = find_waiting(pipeline, request.path_params["stage"], request.path_params["action"])
    execution, flow = load(site, waits.execution_id)
    reports, problems = read_reports(site, flow, waits.stage)
    asked = next((run for run in flow.rows if run.id == waits.action.execution_id), None)
    return site.page(
        request,
        "approval.html",
        map=pipeline,
        waits=waits,
        execution=execution,
        reports=reports,
        problems=problems,
        flow=flow,
        asked=asked,
        conditions=success_conditions(site.reads.definition(), waits.stage),
        comment_length=COMMENT_LENGTH,
    )


def answer(site: Site, request: Request, form: Form) -> Response:
    """Approve or reject. A page whose wait has ended changes nothing."""
    stage, action, decision = request.path_params["stage"], request.path_params["action"], form.get("decision")
    if decision not in ANSWERS:
        return PlainTextResponse(f"decision: got {decision!r}; allowed are {', '.join(ANSWERS)}\n", 400)
    try:
        waits = find_waiting(site.map(), stage, action)
    except ReadFailed:
        return _stale(site, request)
    if (waits.action.token, waits.execution_id) != (form.get("token"), form.get("execution")):
        return _stale(site, request)
    summary = form.get("comment").strip()[:COMMENT_LENGTH] or f"{decision} in the console"
    site.reads.answer_approval(stage, action, waits.action.token, decision, summary)
    return RedirectResponse(f"/executions/{waits.execution_id}", 303)


def find_waiting(pipeline: PipelineMap, stage_name: str, action_name: str) -> Waiting:
    """Return the approval that waits. Raises ReadFailed where none of this name does."""
    for stage, action in pipeline.approvals():
        if (stage.name, action.name) == (stage_name, action_name):
            inside = next(execution for execution in stage.executions if not execution.inbound)
            return Waiting(stage.name, action, inside.id)
    reason = f"{stage_name}/{action_name} does not wait for an approval"
    raise ReadFailed(Problem("missing", "codepipeline:GetPipelineState", reason))


def read_reports(site: Site, flow: Waterfall, stage: str) -> tuple[list[ChangesReport], list[Problem]]:
    """Return the reports of changes of an execution, and why some could not be read."""
    reports, problems = [], []
    for run, artifact in candidates(flow.rows):
        text, problem = site.attempt(functools.partial(read_changes, site.aws, artifact, run.region))
        if problem:
            problems.append(problem)
        if text:
            reports.append(changes_report(run.place, text, here=run.stage == stage))
    return in_order(reports), list(dict.fromkeys(problems))


def _stale(site: Site, request: Request) -> Response:
    return site.page(request, "stale.html", 409)
