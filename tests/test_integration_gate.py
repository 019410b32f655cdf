"""The tests of a deployed stage report what is wrong, also without a stage."""

import os
import subprocess
import sys

import pytest

from tests.integration import waiting
from tests.root import ROOT

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def integration(*, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the integration tests in this environment's Python, as `make integration` does."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/integration"]
    confined = "--confcutdir=tests/integration"
    return subprocess.run([*command, confined], cwd=ROOT, env=CLEAN | env, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({}, "You must specify a region"),
        ({"AWS_REGION": "eu-west-1"}, "Unable to locate credentials"),
    ],
)
def test_without_a_stage_they_say_how_to_get_one(env: dict[str, str], says: str) -> None:
    """Without a stage the tests exit with 2, and print once how to get one."""
    got = integration(env=env)
    assert got.returncode == 2
    assert says in got.stdout + got.stderr
    assert 'eval "$(rehearse env dev)"' in got.stdout + got.stderr


def test_a_timeout_reports_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timeout reports what was sent, where it was expected, and what was there."""
    monkeypatch.setattr(waiting, "LIMIT", 0.0)
    with pytest.raises(AssertionError) as failure:
        waiting.until(lambda: None, sent="'a' to the queue", where="the log of echo", seen=lambda: ["another line"])
    assert str(failure.value).splitlines() == [
        "sent 'a' to the queue",
        "looked in the log of echo for 0 s",
        "there was ['another line']",
    ]


def test_a_late_result_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A late result is found by polling."""
    monkeypatch.setattr(waiting, "PAUSE", 0.0)
    answers = iter([None, None, "found"])
    assert waiting.until(lambda: next(answers), sent="", where="", seen=lambda: None) == "found"
