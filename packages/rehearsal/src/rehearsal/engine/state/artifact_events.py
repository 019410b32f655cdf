"""Artifacts as the events of a journal have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rehearsal.engine.action_api import Artifact
from rehearsal.engine.model.definition import ArtifactStore


def places(made: Mapping[str, Artifact]) -> list[dict[str, Any]]:
    """Return one object for each artifact: its name, bucket and key, and what else identifies its content."""
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
    """Read what `places` has written."""
    return {
        place["name"]: Artifact(
            ArtifactStore(place["bucket"], place.get("encrypted_with")),
            place["key"],
            place.get("version"),
            place.get("revision", ""),
        )
        for place in written
    }
