"""The table of attempts, and how far they are from the aim of README.md."""

from __future__ import annotations

from collections.abc import Sequence

from bench.pipelines.attempt import Attempt
from bench.pipelines.causes import cause

COLUMNS = ("Pipeline", "Result", "Executed", "s", "Accepted", "Cause", "First error")


def markdown(attempts: Sequence[Attempt]) -> str:
    """Return a table with a row for each attempt, and a summary line."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *map(_row, attempts)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows) + f"\n\n{summary(attempts)}\n"


def summary(attempts: Sequence[Attempt]) -> str:
    """Return a sentence with the counts of pipelines and actions."""
    succeeded = sum(attempt.status == "Succeeded" for attempt in attempts)
    executed = sum(attempt.executed for attempt in attempts)
    declared = sum(attempt.declared for attempt in attempts)
    share = f" ({100 * executed / declared:.0f}%)" if declared else ""
    actions = f"{executed} of {declared} actions{share} were executed"
    return f"{succeeded} of {len(attempts)} pipelines ran to the end, {actions}."


def _row(attempt: Attempt) -> tuple[str, ...]:
    error = attempt.error.replace("|", "\\|").replace("\n", " ")
    return (
        attempt.pipeline.repository,
        attempt.status,
        f"{attempt.executed} / {attempt.declared or '?'}",
        f"{attempt.seconds:.0f}",
        ", ".join(attempt.accepted) or "-",
        cause(attempt.error) or "-",
        error[:200] or "-",
    )
