"""Reads without an API of AWS, from `GET /_rehearsal/...` of the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Iterable

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.reads.client import Aws, Json
from pipeline_console.views.decision import Decision

VERSION = 1


class RehearsalReads:
    """Signed reads of the embedded AWS. Decisions are read once, and then only the new ones."""

    def __init__(self, aws: Aws) -> None:
        self._aws, self._decisions = aws, list[Decision]()
        self._http: URLLib3Session | None = None

    def decisions(self) -> list[Decision]:
        """Return every decision so far. Raises ReadFailed."""
        while True:
            answer = self._get(f"decisions/{len(self._decisions)}")
            if answer["total"] < len(self._decisions):
                self._decisions.clear()  # the embedded AWS was started afresh
                continue
            self._decisions += [Decision(**decision) for decision in answer["decisions"]]
            if len(self._decisions) >= answer["total"] or not answer["decisions"]:
                return list(self._decisions)

    def not_emulated(self) -> list[str]:
        """Return what was not emulated in the last run. Raises ReadFailed."""
        entries: list[str] = self._get("not-emulated")["not_emulated"]
        return entries

    def _get(self, path: str) -> Json:
        endpoint, credentials, verify = self._aws.endpoint()
        request = AWSRequest("GET", f"{endpoint}/_rehearsal/{path}")
        SigV4Auth(credentials, "rehearsal", self._aws.region).add_auth(request)
        try:
            self._http = self._http or URLLib3Session(verify=verify)  # type: ignore[arg-type] # a bundle's path is allowed too
            answer = self._http.send(request.prepare())
            body: Json = json.loads(answer.content)
        except (BotoCoreError, ValueError) as error:
            raise ReadFailed(Problem("unreachable", f"GET /_rehearsal/{path}", str(error))) from error
        if answer.status_code != 200 or body.get("version") != VERSION:
            reason = body.get("message") or f"version {body.get('version')} is not known; install the same versions"
            raise ReadFailed(Problem("rejected", f"GET /_rehearsal/{path}", reason))
        return body


def accounts(decisions: Iterable[Decision]) -> list[str]:
    """Return the accounts of the principals."""
    return sorted({decision.principal.split(":")[4] for decision in decisions if decision.principal.count(":") > 4})
