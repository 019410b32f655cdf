"""The page of an execution as one file without a server: no script, no request."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from pipeline_console.pages.execution_page import load
from pipeline_console.pages.site import Site, templates
from pipeline_console.reads import first_error


def execution_report(site: Site, id_: str) -> str:
    """Return the page as HTML. Raises ReadFailed."""
    execution, flow = load(site, id_)
    causes, problems = first_error.find(site.reads, execution.id, flow, rehearsed=site.options.rehearsed)
    style = (files("pipeline_console.pages") / "static" / "console.css").read_text()
    return (
        templates()
        .get_template("report.html")
        .render(
            site=site,
            now=site.now(),
            execution=execution,
            flow=flow,
            causes=causes,
            problems=problems,
            style=style,
            digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            file=True,
        )
    )


def latest(site: Site) -> str:
    """Return the id of the latest execution; empty before the first one."""
    return next((str(summary["pipelineExecutionId"]) for summary in site.reads.executions(1)), "")
