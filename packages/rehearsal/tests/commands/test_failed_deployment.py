"""A failed first deployment: what commands report afterwards."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import Mock

import pytest

from rehearsal.aws import root
from rehearsal.deploy import failed_deployment
from rehearsal.deploy.first_deployment import Operator
from rehearsal.host.checked_command import CommandFailed
from tests.commands.conftest import Tiny


def test_up_leaves_the_embedded_aws_of_a_failed_deployment(empty: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded AWS runs until `down`; `env` prints the exports of the pipeline's account, to read its logs."""

    def fail(*_: Any, **__: Any) -> None:
        raise CommandFailed("cdk deploy ended with 1")

    for command in (["init", "-q", "-b", "main"], ["add", "cdk.json"], ["commit", "-qm", "first"]):
        empty.git(*command)
    monkeypatch.setattr(Operator, "ensure_deployed", fail)
    try:
        code, printed = empty.call("up")
        assert (code, "cdk deploy ended with 1" in printed, "env pipeline` prints" in printed) == (1, True, True), (
            printed
        )
        code, printed = empty.call("env", "pipeline", "--json")
        exports = json.loads(printed)
        assert (code, exports["AWS_ACCESS_KEY_ID"], exports["AWS_REGION"]) == (0, "111111111111", "us-east-1")
        server = empty.space.server()
        assert server
        logs = server.to_endpoint().client("logs", root("111111111111"), "us-east-1")
        assert logs.describe_log_groups()["logGroups"] == []
        code, printed = empty.call("env", "dev")
        assert (code, "there is no such environment; there are pipeline" in printed) == (2, True), printed
    finally:
        assert empty.call("down")[0] == 0


@pytest.mark.parametrize("command", [("why",), ("logs",), ("status",)])
def test_after_a_failed_first_run_commands_say_why_there_is_no_execution(empty: Tiny, command: tuple[str, ...]) -> None:
    """`why`, `logs` and `status` print the deployment's error and the path of its log."""
    empty.space.make()
    failed_deployment.keep(
        empty.space, Mock(), [], "`cdk deploy` ended with 1: no such bucket\nthe whole log: deploy.log"
    )
    code, printed = empty.call(*command)
    assert (code, printed) == (
        1,
        "the first deployment failed: `cdk deploy` ended with 1: no such bucket\nthe whole log: deploy.log",
    )


def test_after_a_failed_first_run_env_says_how_to_get_an_embedded_aws(empty: Tiny) -> None:
    """`env` says that `up` deploys again and keeps the embedded AWS running."""
    empty.space.make()
    failed_deployment.keep(empty.space, Mock(), [], "cdk deploy ended with 1")
    code, printed = empty.call("env", "pipeline")
    assert code == 2
    assert "the first deployment failed (`rehearse why`)" in printed
    assert "`rehearse up` deploys again, and leaves it running" in printed
