"""S3 actions: an object as a source, and a bucket as the target of a deployment.

Sources: AWS CodePipeline user guide, "Amazon S3 source action reference", "Amazon S3 deploy action reference".
"""

from __future__ import annotations

import datetime as dt
import mimetypes
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from botocore.exceptions import ClientError

from rehearsal.actions.artifacts import download, upload
from rehearsal.actions.aws_errors import action_error
from rehearsal.aws import download_object
from rehearsal.engine.action_api import ActionError, Outcome, Revision, Task


class FetchObject:
    """Source/S3: an object version becomes the source artifact, unchanged."""

    def run(self, task: Task) -> Outcome:
        bucket = task.setting("S3Bucket")
        key = task.requested_revisions.get("S3_OBJECT_KEY") or task.setting("S3ObjectKey")
        credentials = task.credentials()
        s3 = task.endpoint.client("s3", credentials, task.region)
        zip_file = task.folder / "source.zip"
        try:
            if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
                raise ActionError(f"{task.where}: bucket {bucket} keeps no versions, which a source has to")
            answer = download_object(s3, bucket, key, zip_file, task.requested_revisions.get("S3_OBJECT_VERSION_ID"))
        except ClientError as error:
            raise action_error(f"{task.where}: cannot read s3://{bucket}/{key}: {error}", error) from error
        (output,) = task.action.outputs
        version, etag = answer.get("VersionId", ""), answer["ETag"].strip('"')
        summary = f"Amazon S3 version id: {version}"
        return Outcome(
            failed=False,
            summary=summary,
            variables={"BucketName": bucket, "ETag": etag, "ObjectKey": key, "VersionId": version},
            outputs={output: upload(task, output, credentials, zip_file)},
            revision=Revision(task.action.name, version, summary),
            external_id=version,
        )


class DeployFiles:
    """Deploy/S3: uploads the artifact's files, or the artifact itself, to a bucket."""

    def run(self, task: Task) -> Outcome:
        bucket, extract = task.setting("BucketName"), task.setting("Extract").lower() == "true"
        if len(task.action.inputs) != 1:
            raise ActionError(f"{task.where}: Deploy/S3 takes one input artifact; it has {len(task.action.inputs)}")
        prefix = _key(task.action.configuration.get("ObjectKey", ""))
        if not extract and not prefix:
            raise ActionError(f"{task.where}: ObjectKey is needed where Extract is false")
        credentials, zip_file = task.credentials(), task.folder / "deploy.zip"
        download(task, task.action.inputs[0], credentials, zip_file)
        s3, count = task.endpoint.client("s3", credentials, task.region), 0
        objects = _files(zip_file, prefix) if extract else [(prefix, zip_file.read_bytes())]
        try:
            for key, body in objects:
                s3.put_object(Bucket=bucket, Key=key, Body=body, **_headers(task.action.configuration, key))
                count += 1
        except zipfile.BadZipFile as error:
            reason = f"the input artifact {task.action.inputs[0]} is not a zip file: {error}"
            raise ActionError(f"{task.where}: {reason}") from error
        except ClientError as error:
            raise action_error(f"{task.where}: cannot write to s3://{bucket}: {error}", error) from error
        summary = f"{count} objects deployed to s3://{bucket}/{prefix}"
        task.log.write_text(summary + "\n")
        return Outcome(failed=False, summary=summary)


def _key(declared: str) -> str:
    """The object key with `{datetime}` and `{uuid}` replaced, such as `app/2019-01-10_07-39-57.zip`."""
    now = dt.datetime.now(dt.UTC)
    return declared.replace("{datetime}", f"{now:%Y-%m-%d_%H-%M-%S}").replace("{uuid}", str(uuid.uuid4()))


def _files(zip_file: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Yield (object key, content) of every file in the artifact."""
    folder = prefix.strip("/") + "/" if prefix.strip("/") else ""
    with zipfile.ZipFile(zip_file) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                yield folder + member.filename, archive.read(member)


def _headers(configuration: Mapping[str, str], key: str) -> dict[str, str]:
    headers = {"ContentType": mimetypes.guess_type(key)[0] or "application/octet-stream"}
    if "CannedACL" in configuration:
        headers["ACL"] = configuration["CannedACL"]
    if "CacheControl" in configuration:
        headers["CacheControl"] = configuration["CacheControl"]
    if "KMSEncryptionKeyARN" in configuration:
        headers |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": configuration["KMSEncryptionKeyARN"]}
    return headers
