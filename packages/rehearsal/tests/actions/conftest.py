"""Helpers that run pipelines with real actions in the embedded AWS, with sources from a Git repository or a bucket."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ACCOUNT, REGION, ROLE, Embedded

Json = dict[str, Any]

CODE = {"inputArtifacts": [{"name": "Code"}]}


def kind(category: str, provider: str, owner: str = "AWS") -> Json:
    return {"category": category, "owner": owner, "provider": provider, "version": "1"}


def s3(**configuration: str) -> Json:
    """Return a Deploy/S3 action of the artifact Code."""
    return {"name": "Deploy", "actionTypeId": kind("Deploy", "S3"), "configuration": configuration, **CODE}


def alarm(embedded: Embedded, state: str) -> str:
    """Create an alarm that stays in `state` until SetAlarmState, and return its name."""
    name, cloudwatch = embedded.name("alarm"), embedded.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        MetricName="m",
        Namespace="n",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Sum",
        TreatMissingData="ignore",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    return name


def zipped(files: dict[str, str]) -> bytes:
    """Return a zip of `files`: texts by path."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return data.getvalue()


@dataclass(frozen=True)
class Ran:
    """A finished execution, and its actions as list-action-executions returns them."""

    status: str
    summary: str
    actions: dict[str, Json]

    def variables(self, action: str) -> dict[str, str]:
        return dict(self.actions[action]["output"].get("outputVariables", {}))

    def artifact(self, action: str) -> Json:
        """Return the bucket and key of the only output artifact of `action`."""
        (artifact,) = self.actions[action]["output"]["outputArtifacts"]
        return dict(artifact["s3location"])


@dataclass(frozen=True)
class Pipelines:
    """Creates pipelines through the API and waits until their executions end."""

    embedded: Embedded

    def source(self, files: dict[str, str]) -> Json:
        """Return a Source/S3 action whose output artifact Code contains `files`."""
        bucket = self.embedded.bucket()
        self.embedded.client("s3").put_object(Bucket=bucket, Key="source.zip", Body=zipped(files))
        return {
            "name": "Source",
            "actionTypeId": kind("Source", "S3"),
            "configuration": {"S3Bucket": bucket, "S3ObjectKey": "source.zip"},
            "outputArtifacts": [{"name": "Code"}],
            "namespace": "Source",
        }

    def run(self, source: Json, *actions: Json, stores: Json | None = None, **stage: Any) -> Ran:
        """Run a pipeline of `source` and a stage with `actions`; `stage` is the rest of that stage's declaration."""
        name, api = self.embedded.name("pipeline"), self.embedded.client("codepipeline")
        store = {"type": "S3", "location": self.embedded.bucket()}
        declaration = {
            "name": name,
            "roleArn": ROLE,
            "pipelineType": "V2",
            **({"artifactStores": stores} if stores else {"artifactStore": store}),
            "stages": [{"name": "Source", "actions": [source]}, {"name": "Next", "actions": list(actions), **stage}],
        }
        api.create_pipeline(pipeline=declaration)
        (summary,) = api.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
        ended = self.embedded.ended(name, summary["pipelineExecutionId"])
        found = self.embedded.actions(name, summary["pipelineExecutionId"])
        return Ran(ended["status"], ended["statusSummary"], found)

    def function(self, code: str) -> str:
        """Create a function with this module and return its name."""
        name = self.embedded.name("function")
        self.embedded.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=f"arn:aws:iam::{ACCOUNT}:role/pipeline",
            Handler="main.handler",
            Code={"ZipFile": zipped({"main.py": code})},
            Timeout=30,
        )
        return name

    def download(self, place: Json, region: str = REGION) -> zipfile.ZipFile:
        body = self.embedded.client("s3", region).get_object(Bucket=place["bucket"], Key=place["key"])["Body"]
        return zipfile.ZipFile(io.BytesIO(body.read()))


@pytest.fixture(scope="session")
def pipelines(embedded: Embedded) -> Pipelines:
    return Pipelines(embedded)


@pytest.fixture(scope="session")
def commits(embedded: Embedded, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the ids of two commits on main of the rehearsal's repository, oldest first."""
    work = tmp_path_factory.mktemp("work")

    def git(*arguments: str, cwd: Path = work) -> str:
        command = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", *arguments]
        return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    made = []
    for number in ("one", "two"):
        (work / "number.txt").write_text(number)
        git("add", ".")
        git("commit", "--quiet", "-m", f"number {number}\n\nand why")
        made.append(git("rev-parse", "HEAD"))
    git("clone", "--quiet", "--bare", str(work), str(embedded.workspace.remote))
    return made


def template(**parameters: str) -> str:
    """Return the template of a topic whose outputs are `parameters`."""
    return json.dumps(
        {
            "Parameters": {name: {"Type": "String", "Default": default} for name, default in parameters.items()},
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {f"{name}Out": {"Value": {"Ref": name}} for name in parameters},
        }
    )
