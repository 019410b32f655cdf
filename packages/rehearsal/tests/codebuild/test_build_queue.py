"""CodeBuild's quota of concurrent builds: builds are queued in order, and StartBuild fails if the queue is full."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from rehearsal.actions.codebuild import RunBuild
from rehearsal.codebuild.build_queue import BuildQueue, QueueFull
from rehearsal.engine.action_api import ActionError, Outcome
from rehearsal.errors import WrongUse
from rehearsal.host.cancellation import Cancellation
from rehearsal.project.configuration import Quota, read_quota
from tests.codebuild.case import spec
from tests.codebuild.conftest import Account
from tests.codebuild.test_start_build import built, project, until

HERE, THERE = ("111111111111", "eu-west-1"), ("222222222222", "eu-west-1")
NEVER = Cancellation()


def test_without_a_quota_no_build_waits() -> None:
    """Without a quota in rehearsal.toml, builds are not queued."""
    queue = BuildQueue()
    assert not any(queue.enter(HERE).waits for _ in range(20))


def test_builds_wait_in_their_order_for_each_account() -> None:
    """A queued build starts when an earlier one ends; each account has a separate quota."""
    queue = BuildQueue(lambda: Quota(1, 5))
    first, second, third = (queue.enter(HERE) for _ in range(3))
    assert [turn.waits for turn in (first, second, third)] == [False, True, True]
    assert not queue.enter(THERE).waits
    assert third.await_start(NEVER, 0.1) == "timed out"
    first.leave()
    assert third.await_start(NEVER, 0.1) == "timed out"
    assert second.await_start(NEVER, 10) == "started"
    second.leave()
    assert third.await_start(NEVER, 10) == "started"


def test_a_build_that_is_stopped_leaves_the_queue() -> None:
    """When a queued build is stopped, the next build takes its place."""
    queue, stop = BuildQueue(lambda: Quota(1, 5)), Cancellation()
    first, second, third = (queue.enter(HERE) for _ in range(3))
    stop.set()
    assert second.await_start(stop, 10) == "stopped"
    second.leave()
    first.leave()
    assert third.await_start(NEVER, 10) == "started"


def test_a_build_in_the_queue_is_woken_by_a_stop_and_by_a_free_place(limits_of_waits: list[float]) -> None:
    """A stop, and a build that ends, wake queued builds in other threads without polling."""
    queue, stop = BuildQueue(lambda: Quota(1, 5)), Cancellation()
    first, second, third = (queue.enter(HERE) for _ in range(3))
    with ThreadPoolExecutor(2) as pool:
        endings = [pool.submit(second.await_start, stop, 100), pool.submit(third.await_start, NEVER, 100)]
        while len(limits_of_waits) < 2:
            threading.Event().wait(1)
        stop.set()
        assert endings[0].result(20) == "stopped"
        second.leave()
        first.leave()
        assert endings[1].result(20) == "started"
    assert [limit for limit in limits_of_waits if limit < 1] == []


@pytest.mark.parametrize(
    ("quota", "running"), [(Quota(1, 5), 1), (Quota(2, 10), 2), (Quota(1, 1), 1), (Quota(0, 0), 0)]
)
def test_beyond_the_queue_a_build_is_refused(quota: Quota, running: int) -> None:
    """If the queue is full, the error has CodeBuild's message and the size of the queue."""
    queue = BuildQueue(lambda: quota)
    turns = [queue.enter(HERE) for _ in range(quota.running + quota.waiting)]
    assert sum(not turn.waits for turn in turns) == running
    with pytest.raises(QueueFull, match=f"^Cannot have more than {quota.waiting} builds in queue for the account$"):
        queue.enter(HERE)


@pytest.mark.parametrize(
    ("text", "quota"),
    [
        ("", None),
        ("[codebuild]", None),
        ("[codebuild]\nconcurrent_builds = 2", Quota(2, 10)),
        ("[codebuild]\nconcurrent_builds = 1\nqueued_builds = 1", Quota(1, 1)),
    ],
)
def test_the_quota_is_in_rehearsal_toml(text: str, quota: Quota | None, tmp_path: Path) -> None:
    """rehearsal.toml sets the quota and the size of the queue, five times the quota by default."""
    (tmp_path / "rehearsal.toml").write_text(text)
    assert read_quota(tmp_path) == quota
    (tmp_path / "rehearsal.toml").write_text("[codebuild]\nconcurrent_builds = -1")
    with pytest.raises(WrongUse, match="concurrent_builds"):
        read_quota(tmp_path)


def test_an_action_beyond_the_queue_fails_as_on_aws(account: Account) -> None:
    """With a quota and queue of one, the second of three builds waits, and the third action fails as on AWS."""
    runner = RunBuild(replace(account.services(), queue=BuildQueue(lambda: Quota(1, 1))))
    name = account.project(spec("sleep 2; date +%s.%N > at", artifacts={"files": "at"}))
    inputs = {"In": account.source("In", a="a")}

    def run(number: int) -> Outcome | ActionError:
        time.sleep(number * 0.5)
        try:
            return runner.run(account.task({"ProjectName": name}, inputs))
        except ActionError as error:
            return error

    with ThreadPoolExecutor(3) as pool:
        first, second, third = pool.map(run, range(3))
    assert isinstance(first, Outcome)
    assert isinstance(second, Outcome)
    assert (first.failed, second.failed) == (False, False)
    assert "waits in CodeBuild's queue: the quota of concurrent builds is reached" in account.notes
    assert isinstance(third, ActionError)
    assert (
        "Error calling startBuild: Cannot have more than 1 builds in queue for the account"
        " (Service: AWSCodeBuild; Status Code: 400; Error Code: AccountLimitExceededException)"
    ) in str(third)
    assert third.code == "JobFailed"


@pytest.fixture
def limited(account: Account) -> Iterator[Account]:
    """The embedded AWS with a quota of one build and a queue of one."""
    file = account.remote.parents[1] / "rehearsal.toml"
    file.write_text("[codebuild]\nconcurrent_builds = 1\nqueued_builds = 1\n")
    yield account
    file.unlink()


def test_start_build_beyond_the_queue_is_refused(limited: Account) -> None:
    """StartBuild fails with AccountLimitExceededException; queued builds can be stopped, or start later."""
    api, name = limited.client("codebuild"), project(limited, spec("sleep 2"))
    first = api.start_build(projectName=name)["build"]["id"]
    second = api.start_build(projectName=name)["build"]["id"]
    assert api.batch_get_builds(ids=[second])["builds"][0]["currentPhase"] == "QUEUED"
    with pytest.raises(ClientError, match="Cannot have more than 1 builds in queue for the account") as refused:
        api.start_build(projectName=name)
    assert refused.value.response["Error"]["Code"] == "AccountLimitExceededException"
    api.stop_build(id=second)
    assert until(limited, second, lambda build: bool(build["buildComplete"]))["buildStatus"] == "STOPPED"
    assert until(limited, first, lambda build: bool(build["buildComplete"]))["buildStatus"] == "SUCCEEDED"
    assert built(limited, name)["buildStatus"] == "SUCCEEDED"
