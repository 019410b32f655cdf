"""`python -m cdk_delivery.changes.test_summary FILE...`: print the results in JUnit reports as one line.

The rehearsal's codebuild/reports.py reads such files too, case by case; the two wheels share no code.
"""

import sys
import xml.etree.ElementTree as ET  # of files that this build's own pytest wrote
from collections.abc import Sequence
from pathlib import Path


def summarize_tests(reports: Sequence[Path]) -> str:
    """Return a line such as `12 passed, 0 failed, 1 skipped`; errors are failures. Raises OSError without a file."""
    suites = [suite for report in reports for suite in ET.parse(report).iter("testsuite")]  # noqa: S314
    total, failures, errors, skipped = (
        sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "failures", "errors", "skipped")
    )
    return f"{total - failures - errors - skipped} passed, {failures + errors} failed, {skipped} skipped"


if __name__ == "__main__":
    print(summarize_tests([Path(argument) for argument in sys.argv[1:]]))
