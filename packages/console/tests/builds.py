"""Builds and their logs, as CodeBuild and CloudWatch Logs return them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.fake_aws import FakeAws, Json, Refused
from tests.pipelines import START

FAILED = (Path(__file__).parent / "recorded" / "failed-build.log").read_text().splitlines()


class Builds:
    """Builds by id, each with its log lines, at most `page` in one page. more: members of a build."""

    def __init__(self, aws: FakeAws, page: int = 10_000) -> None:
        self.logs: dict[str, list[str]] = {}
        self.running: set[str] = set()
        self.more: dict[str, Json] = {}
        self._page = page
        aws.operations |= {"codebuild:BatchGetBuilds": self._builds, "logs:GetLogEvents": self._events}

    def add(self, id_: str, lines: Sequence[str], *, running: bool = False) -> None:
        """Add a build with its log."""
        self.logs[id_] = list(lines)
        if running:
            self.running.add(id_)

    def _builds(self, given: Json) -> Json:
        return {"builds": [self._build(id_) for id_ in given["ids"] if id_ in self.logs]}

    def _build(self, id_: str) -> Json:
        status = "IN_PROGRESS" if id_ in self.running else "SUCCEEDED"
        return {
            "id": id_,
            "buildNumber": 7,
            "projectName": id_.partition(":")[0],
            "buildStatus": status,
            "startTime": START,
            "phases": [{"phaseType": "BUILD", "phaseStatus": status, "startTime": START, "durationInSeconds": 100}],
            "logs": {"groupName": "builds", "streamName": id_},
            "buildComplete": id_ not in self.running,
            **self.more.get(id_, {}),
        }

    def _events(self, given: Json) -> Json:
        """Return a page of events; a token is the first line forwards, or the line after the last one backwards."""
        lines = self.logs.get(given["logStreamName"])
        if lines is None:
            raise Refused("ResourceNotFoundException", "The specified log stream does not exist.")
        kind, _, number = given.get("nextToken", "").partition("/")
        if kind == "f" or (not kind and given.get("startFromHead")):
            first = int(number or 0)
            last = min(first + self._page, len(lines))
        else:
            last = int(number) if number else len(lines)
            first = max(0, last - self._page)
        events = [
            {"timestamp": int((START + n) * 1000), "message": line + "\n", "ingestionTime": int(START * 1000)}
            for n, line in enumerate(lines[first:last], first)
        ]
        return {"events": events, "nextForwardToken": f"f/{last}", "nextBackwardToken": f"b/{first}"}
