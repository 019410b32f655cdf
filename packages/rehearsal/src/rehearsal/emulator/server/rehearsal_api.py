"""`GET /_rehearsal/...`: data of a rehearsal for which AWS has no API. Each response is an object with a version.

- decisions, or decisions/N: IAM's decisions, from number N on; total: their number so far;
- cold-starts: the last cold start of each function since the embedded AWS started;
- not-emulated: what was not emulated in the last run; execution_id is null before the first one.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import islice

from rehearsal.emulator.functions.cold_starts import ColdStartRecord
from rehearsal.emulator.iam import decision_log
from rehearsal.emulator.server.api_error import ApiError
from rehearsal.json_values import JsonObject
from rehearsal.workspace.layout import Workspace

PREFIX, VERSION = "/_rehearsal/", 1
# The most decisions in one response.
PAGE = 5000


class RehearsalApi:
    """Answers from the files of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._answers = {
            "decisions": self._decisions,
            "cold-starts": self._cold_starts,
            "not-emulated": self._not_emulated,
        }

    def call(self, path: str, request: JsonObject, account: str, region: str) -> JsonObject:  # noqa: ARG002 - as every service
        """Answer one path below the prefix. Raises ApiError."""
        name, _, first = path.partition("/")
        if name not in self._answers or not (first or "0").isdecimal():
            known = ", ".join(f"{PREFIX}{known}" for known in self._answers)
            raise ApiError("UnknownOperationException", f"{PREFIX}{path} does not exist; there are {known}")
        return {"version": VERSION, **self._answers[name](int(first or 0))}

    def _decisions(self, first: int) -> JsonObject:
        decisions = list(decision_log.read(self._workspace.decisions))
        page = [asdict(decision) for decision in islice(decisions, first, first + PAGE)]
        return {"total": len(decisions), "first": first, "decisions": page}

    def _cold_starts(self, _: int) -> JsonObject:
        latest = ColdStartRecord(self._workspace.cold_starts).latest()
        return {"cold_starts": [asdict(cold_start) for cold_start in latest]}

    def _not_emulated(self, _: int) -> JsonObject:
        try:
            report: JsonObject = json.loads(self._workspace.not_emulated.read_text())
        except (FileNotFoundError, ValueError):
            return {"execution_id": None, "not_emulated": []}
        return report
