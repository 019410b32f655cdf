"""The form of artifacts in journal events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rehearsal.engine.action_api import Artifact
from rehearsal.engine.model.definition import ArtifactStore
from rehearsal.engine.state.events import ArtifactRecord


def artifact_records(artifacts: Mapping[str, Artifact]) -> list[ArtifactRecord]:
    """Return one object per artifact: name, bucket, key, and encrypted_with, version, revision where they are known."""
    return [_record(name, artifact) for name, artifact in artifacts.items()]


def _record(name: str, artifact: Artifact) -> ArtifactRecord:
    record: ArtifactRecord = {"name": name, "bucket": artifact.store.bucket, "key": artifact.key}
    if artifact.store.key_arn:
        record["encrypted_with"] = artifact.store.key_arn
    if artifact.version:
        record["version"] = artifact.version
    if artifact.revision:
        record["revision"] = artifact.revision
    return record


def artifacts(records: Iterable[ArtifactRecord]) -> dict[str, Artifact]:
    """Return the artifacts, by name, that `artifact_records` has written."""
    return {
        record["name"]: Artifact(
            ArtifactStore(record["bucket"], record.get("encrypted_with")),
            record["key"],
            record.get("version"),
            record.get("revision", ""),
        )
        for record in records
    }
