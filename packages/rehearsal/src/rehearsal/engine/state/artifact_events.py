"""The form of artifacts in journal events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rehearsal.engine.action_api import Artifact
from rehearsal.engine.model.definition import ArtifactStore


def places(made: Mapping[str, Artifact]) -> list[dict[str, Any]]:
    """Return one object per artifact: name, bucket, key, and encrypted_with, version, revision where they are known."""
    return [
        {
            "name": name,
            "bucket": artifact.store.bucket,
            "key": artifact.key,
            **({"encrypted_with": artifact.store.key_arn} if artifact.store.key_arn else {}),
            **({"version": artifact.version} if artifact.version else {}),
            **({"revision": artifact.revision} if artifact.revision else {}),
        }
        for name, artifact in made.items()
    ]


def artifacts(written: Iterable[Mapping[str, Any]]) -> dict[str, Artifact]:
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
