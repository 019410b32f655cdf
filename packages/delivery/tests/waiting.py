"""A pipeline in the embedded AWS whose execution waits for an approval."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import Any

from rehearsal.aws import Endpoint
from rehearsal.engine.endpoint import Credentials

KIND = {"owner": "AWS", "version": "1"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}


def waiting_pipeline(
    endpoint: Endpoint, credentials: Credentials, region: str, *, name: str, bucket: str
) -> tuple[str, str]:
    """Create the pipeline; return the id of its execution and the revision of its source."""
    s3, api, iam = (endpoint.client(service, credentials, region) for service in ("s3", "codepipeline", "iam"))
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("file", "")
    version = str(s3.put_object(Bucket=bucket, Key="source.zip", Body=data.getvalue())["VersionId"])
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    source = {
        "name": "Source",
        "actionTypeId": {**KIND, "category": "Source", "provider": "S3"},
        "configuration": {"S3Bucket": bucket, "S3ObjectKey": "source.zip"},
        "outputArtifacts": [{"name": "Code"}],
    }
    ask = {"name": "Ask", "actionTypeId": {**KIND, "category": "Approval", "provider": "Manual"}}
    declaration: dict[str, Any] = {
        "name": name,
        "roleArn": role,
        "artifactStore": {"type": "S3", "location": bucket},
        "stages": [{"name": "Source", "actions": [source]}, {"name": "Ask", "actions": [ask]}],
    }
    api.create_pipeline(pipeline=declaration)
    (summary,) = api.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
    where = {"pipelineName": name, "pipelineExecutionId": str(summary["pipelineExecutionId"])}
    deadline = time.monotonic() + 20
    while not api.get_pipeline_execution(**where)["pipelineExecution"]["artifactRevisions"]:
        assert time.monotonic() < deadline, "the source action did not succeed within 20 seconds"
        time.sleep(0.02)
    return where["pipelineExecutionId"], version
