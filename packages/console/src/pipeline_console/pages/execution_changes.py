"""Changes of executions: retry, stop, roll back."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from pipeline_console.pages.forms import Form
from pipeline_console.pages.site import Site

# Source: CodePipeline API reference, "RetryStageExecution".
MODES = ("FAILED_ACTIONS", "ALL_ACTIONS")
# Source: CodePipeline API reference, "StopPipelineExecution": the length of a reason.
REASON_LENGTH = 200


def retry(site: Site, request: Request, form: Form) -> Response:
    """Retry a stage: its failed actions, or all of them."""
    mode, id_ = form.get("mode"), request.path_params["id"]
    if mode not in MODES:
        return PlainTextResponse(f"mode: got {mode!r}; allowed are {', '.join(MODES)}\n", 400)
    site.reads.retry(form.get("stage"), id_, mode)
    return RedirectResponse(f"/executions/{id_}", 303)


def stop(site: Site, request: Request, form: Form) -> Response:
    """Stop an execution; its running actions end, or are abandoned."""
    id_ = request.path_params["id"]
    site.reads.stop(id_, form.get("reason").strip()[:REASON_LENGTH], abandon=form.get("abandon") == "yes")
    return RedirectResponse(f"/executions/{id_}", 303)


def roll_back(site: Site, request: Request, form: Form) -> Response:
    """Roll a stage back to this execution."""
    started = site.reads.rollback(form.get("stage"), request.path_params["id"])
    return RedirectResponse(f"/executions/{started}", 303)
