"""The page of permissions in a rehearsal: per role used, unused and denied, and the latest decisions."""

from __future__ import annotations

from dataclasses import asdict

from botocore.exceptions import BotoCoreError, ClientError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.pages.site import Site
from pipeline_console.reads.rehearsal import accounts
from pipeline_console.views.decision import Decision
from pipeline_console.views.role_usage import Report, grants, report, roles
from pipeline_console.views.statements import statement

LATEST = 100


def show(site: Site, request: Request) -> Response:
    """Render the roles that made requests; those with denials first."""
    if not site.options.rehearsed:
        raise ReadFailed(Problem("missing", "GET /_rehearsal/decisions", "decisions are known in a rehearsal only"))
    decisions = site.rehearsal.decisions()
    reports, problems = read_reports(site, decisions)
    used = [role_report for role_report in reports if role_report.used or role_report.denied]
    return site.page(
        request,
        "permissions.html",
        reports=sorted(used, key=lambda role_report: (not role_report.denied, role_report.role)),
        problems=problems,
        latest=list(enumerate(decisions))[-LATEST:][::-1],
        total=len(decisions),
        statement=statement,
        not_emulated=site.attempt(site.rehearsal.not_emulated)[0] or [],
    )


def read_decisions(site: Site, request: Request) -> Response:
    """Answer with the decisions after a number."""
    text = request.query_params.get("from", "")
    first = int(text) if text.isdecimal() else 0
    decisions = site.rehearsal.decisions()
    return JSONResponse(
        {"total": len(decisions), "decisions": [asdict(decision) for decision in decisions[first:][-LATEST:]]}
    )


def read_reports(site: Site, decisions: list[Decision]) -> tuple[list[Report], list[Problem]]:
    """Return a report for each role of the accounts, and why some could not be read."""
    reports: list[Report] = []
    problems: list[Problem] = []
    for account in accounts(decisions):
        try:
            iam = site.aws.iam(account)
            reports += [report(role, grants(iam, role), decisions) for role in roles(iam)]
        except ReadFailed as failed:
            problems.append(failed.problem)
        except (ClientError, BotoCoreError) as error:
            problems.append(Problem("rejected", "iam:ListRoles", str(error)))
    return reports, problems
