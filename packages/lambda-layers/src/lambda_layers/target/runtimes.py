"""The Python versions that Lambda runs, and the end of their support.

Source: AWS Lambda developer guide, "Lambda runtimes", tables of supported and deprecated runtimes, 2026-11.
Layers are built for Amazon Linux 2023 only: 3.11 and older run on Amazon Linux 2, whose glibc is older.
"""

from __future__ import annotations

from datetime import date

SUPPORTED_UNTIL = {
    "3.12": date(2028, 10, 31),
    "3.13": date(2029, 6, 30),
    "3.14": date(2029, 6, 30),
}


def check_supported(version: str, today: date) -> None:
    """Raise ValueError, with the allowed versions, if Lambda does not run `version` on the day `today`."""
    allowed = [known for known, until in SUPPORTED_UNTIL.items() if today <= until]
    if version in allowed:
        return
    until = SUPPORTED_UNTIL.get(version)
    reason = f"Lambda's support for it ended on {until}" if until else "Lambda has no such runtime on Amazon Linux 2023"
    raise ValueError(
        f"{reason}; allowed are {', '.join(allowed)} (docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html)"
    )
