"""Pipelines with other settings have no finding either."""

from pathlib import Path
from typing import Any

import pytest

from cdk_delivery.constructs.project_files import Project
from tests.synthesis import Change, findings, two_regions

CHANGES: dict[str, Change] = {
    "Codecommit": lambda settings: settings.update(source={"type": "codecommit", "repository": "shop"}),
    "S3": lambda settings: settings.update(source={"type": "s3", "bucket": "pushes", "key": "source.zip"}),
    "Regions": two_regions,
}


@pytest.mark.slow
def test_other_sources_and_regions_raise_no_finding(context: dict[str, Any], project: Project, tmp_path: Path) -> None:
    """With CodeCommit, with S3 and with another region, no finding is left, and no acceptance is stale."""
    assert findings(context, project, tmp_path, CHANGES) == []
