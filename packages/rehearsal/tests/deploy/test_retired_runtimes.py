"""Reports of functions whose runtime AWS does not create any more."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from rehearsal.deploy.retired_runtimes import report_retired_runtimes
from rehearsal.project.cloud_assembly import Assembly, PipelineResource, Stack


def test_a_runtime_without_new_functions_is_reported(tmp_path: Path) -> None:
    """A runtime is reported from the day on which AWS blocks creation; only deprecated runtimes are not."""
    functions = {
        str(number): {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": runtime}}
        for number, runtime in enumerate(["nodejs14.x", "nodejs20.x", {"Ref": "Runtime"}])
    }
    template = tmp_path / "top.json"
    template.write_text(json.dumps({"Resources": functions}))
    stack = Stack("Top", "top", "111111111111", "eu-west-1", template)
    cloud, said = Assembly(tmp_path, PipelineResource(stack, "P", {}), (stack,)), list[str]()
    report_retired_runtimes(cloud, said.append, dt.date(2024, 1, 8))
    assert said == []
    report_retired_runtimes(cloud, said.append, dt.date(2024, 1, 9))
    (line,) = said
    assert "functions of nodejs14.x: AWS has created none since 2024-01-09" in line
