"""The comment of the approval before a wave is deployed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdk_delivery.settings.environment import Wave

# Source: AWS CodePipeline API reference, "ActionConfiguration": a value has 1000 characters at most.
_LONGEST_COMMENT = 1_000


def approval_comment(wave: Wave[Any], summaries: Sequence[str], *, page: str) -> str:
    """Return the comment with a summary for each environment; `page` says how to answer."""
    told = "; ".join(f"{one.name}: {summary}" for one, summary in zip(wave, summaries, strict=True))
    answer = f"Approve or reject: {page}" if page else "Approve or reject"
    return f"Deploy to {told}. All of it: changes.md of the builds before. {answer}"


def summary_length(wave: Wave[Any], *, page: str) -> int:
    """Return how many characters each environment's summary may have in the comment."""
    count = len(wave.environments)
    return (_LONGEST_COMMENT - len(approval_comment(wave, [""] * count, page=page))) // count
