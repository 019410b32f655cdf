"""Builds of the folders in cases/, each of which states one behaviour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsal.codebuild.buildspec import UnsupportedFeature
from tests.codebuild.case import CASES, COMPARED, Case, run


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(case: Case, tmp_path: Path) -> None:
    """The build of a case's folder ends as its expected.json says."""
    expected = case.expected
    if "refused" in expected:
        with pytest.raises(UnsupportedFeature, match=expected["refused"]):
            run(case.buildspec, case.given, tmp_path, source=case.source)
        return
    ran = run(case.buildspec, case.given, tmp_path, source=case.source)
    seen: dict[str, Any] = {
        "status": ran.result.status,
        "phases": ran.phases,
        "prints": ran.printed,
        "exported": dict(ran.result.exported),
        "artifacts": ran.artifacts,
        "reports": [report.summary() for report in ran.result.reports],
        "retries": ran.result.retries,
    }
    wanted = {key: value for key, value in expected.items() if key in COMPARED}
    assert "status" in wanted
    assert {key: seen[key] for key in wanted} == wanted, ran.log
    for text in expected.get("says", []):
        assert text in ran.log
    for text in expected.get("never", []):
        assert text not in ran.log
    assert expected.get("message", "") in ran.result.message
