"""The form of artifacts in journal events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rehearsal.engine.action_api import Artifact
from rehearsal.engine.model.definition import ArtifactStore
from rehearsal.engine.state.events import ArtifactPlace


def places(artifacts: Mapping[str, Artifact]) -> list[ArtifactPlace]:
    """Return one object per artifact: name, bucket, key, and encrypted_with, version, revision where they are known."""
    return [_place(name, artifact) for name, artifact in artifacts.items()]


def _place(name: str, artifact: Artifact) -> ArtifactPlace:
    place: ArtifactPlace = {"name": name, "bucket": artifact.store.bucket, "key": artifact.key}
    if artifact.store.key_arn:
        place["encrypted_with"] = artifact.store.key_arn
    if artifact.version:
        place["version"] = artifact.version
    if artifact.revision:
        place["revision"] = artifact.revision
    return place


def artifacts(written: Iterable[ArtifactPlace]) -> dict[str, Artifact]:
    """Return the artifacts, by name, that `places` has described."""
    return {
        place["name"]: Artifact(
            ArtifactStore(place["bucket"], place.get("encrypted_with")),
            place["key"],
            place.get("version"),
            place.get("revision", ""),
        )
        for place in written
    }
