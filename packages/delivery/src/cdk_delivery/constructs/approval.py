"""The comment of the approval before a wave is deployed."""

from __future__ import annotations

from collections.abc import Sequence

from cdk_delivery.settings.environment import Environment, Wave

# Source: AWS CodePipeline API reference, "ActionConfiguration": a value has 1000 characters at most.
_LONGEST_COMMENT = 1_000


def approval_comment[OptionsT](wave: Wave[OptionsT], summaries: Sequence[str], *, page: str) -> str:
    """Return the comment with a summary for each environment. page: the project's page about approvals, or empty."""
    listed_summaries = "; ".join(
        f"{environment.name}{_shift(environment)}: {summary}"
        for environment, summary in zip(wave, summaries, strict=True)
    )
    answer = f"Approve or reject: {page}" if page else "Approve or reject"
    return f"Deploy to {listed_summaries}. All of it: changes.md of the builds before. {answer}"


def _shift[OptionsT](environment: Environment[OptionsT]) -> str:
    """Return the description of the traffic shift; empty if all traffic moves immediately."""
    return f" (traffic: {environment.traffic})" if environment.traffic.shifts else ""


def summary_length[OptionsT](wave: Wave[OptionsT], *, page: str) -> int:
    """Return how many characters each environment's summary may have in the comment."""
    count = len(wave.environments)
    return (_LONGEST_COMMENT - len(approval_comment(wave, [""] * count, page=page))) // count
