"""Policy decisions, as the embedded AWS of a rehearsal returns them."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from pipeline_console.pages import permissions_page
from pipeline_console.views.decision import Decision
from pipeline_console.views.role_usage import Grant
from tests.fake_aws import FakeAws, Json

ROLE = "arn:aws:iam::222222222222:role/tester"
DENIED = Decision(
    ROLE,
    "sqs:SendMessage",
    "arn:aws:sqs:::feed",
    allowed=False,
    why='missing is {"Effect": "Allow", "Action": "sqs:SendMessage"}',
)


def serve_decisions(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> list[Decision]:
    """Serve decisions about a role with two grants, and return the list of them."""
    found = [Decision(ROLE, "s3:GetObject", "arn:aws:s3:::one/key", allowed=True), DENIED]

    def answer(path: str) -> Json:
        if "decisions" not in path:
            return {"version": 1, "execution_id": None, "not_emulated": ["builds ran on this machine"]}
        first = int(path.rpartition("/")[2])
        return {"version": 1, "total": len(found), "decisions": [asdict(d) for d in found[first:]]}

    aws.rehearsal = answer
    grants = [Grant("own", "s3:Get*", ("*",)), Grant("own", "sns:Publish", ("topic",))]
    monkeypatch.setattr(permissions_page, "roles", lambda _: [ROLE])
    monkeypatch.setattr(permissions_page, "grants", lambda *_: grants)
    monkeypatch.setattr("pipeline_console.reads.client.Aws.iam", lambda *_: None)
    return found
