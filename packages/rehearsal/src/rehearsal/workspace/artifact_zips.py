"""The zips of executions' artifacts in the embedded AWS's S3 files, to read and to delete with their execution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rehearsal.aws import root
from rehearsal.engine.state.events import ArtifactRecord, Event
from rehearsal.workspace.layout import Workspace

_METADATA = ".meta.json"
# MiniStack finds every bucket from any region.
_REGION = "us-east-1"


def artifacts(space: Workspace, events: Iterable[Event]) -> dict[str, Path]:
    """Return name -> zip of every output artifact of an execution whose zip still exists."""
    zips = {artifact["name"]: next(_zips(space, artifact), None) for artifact in _output_artifacts(events)}
    return {name: path for name, path in zips.items() if path}


def remove(space: Workspace, events: Iterable[Event]) -> None:
    """Delete the output artifacts of an execution, and their copies in the stores of other regions.

    Through S3 where the embedded AWS runs, else from its saved files.
    """
    server = space.server()
    for artifact in _output_artifacts(events):
        for path in [*_zips(space, artifact)]:
            if server is None:
                path.unlink(missing_ok=True)
                path.with_name(path.name + _METADATA).unlink(missing_ok=True)
                continue
            account, bucket, *_ = path.relative_to(_objects(space)).parts
            s3 = server.to_endpoint().client("s3", root(account), _REGION)
            versions = s3.list_object_versions(Bucket=bucket, Prefix=artifact["key"]).get("Versions", [])
            for version in versions:
                s3.delete_object(Bucket=bucket, Key=artifact["key"], VersionId=version["VersionId"])


def _output_artifacts(events: Iterable[Event]) -> Iterator[ArtifactRecord]:
    for event in events:
        if event["type"] == "action-finished":
            yield from event.get("outputs", ())


def _objects(space: Workspace) -> Path:
    return space.state / "s3"


def _zips(space: Workspace, artifact: ArtifactRecord) -> Iterator[Path]:
    """The zips `s3/ACCOUNT/BUCKET/KEY` of an artifact: the one in its own bucket first, then the copies."""
    objects = _objects(space)
    for bucket in (artifact["bucket"], "*"):
        yield from objects.glob(f"*/{bucket}/{artifact['key']}")
