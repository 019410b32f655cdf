"""The artifacts of executions as they lie in the embedded AWS's store: a zip each, which goes with its execution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from rehearsal.aws import root
from rehearsal.engine.state.journal import Event
from rehearsal.workspace.layout import Workspace

_ABOUT = ".meta.json"
# Every bucket is found from any region.
_REGION = "us-east-1"


def artifacts(space: Workspace, events: Iterable[Event]) -> dict[str, Path]:
    """The zip of every artifact that an execution's actions have made, by its name; one that is gone has none."""
    found = {each["name"]: next(_zips(space, each), None) for each in _output_artifacts(events)}
    return {name: path for name, path in found.items() if path}


def remove(space: Workspace, events: Iterable[Event]) -> None:
    """Delete what an execution's actions have made, and what of it was copied to the stores of other regions."""
    server = space.server()
    for each in _output_artifacts(events):
        for path in [*_zips(space, each)]:
            if server is None:
                path.unlink(missing_ok=True)
                path.with_name(path.name + _ABOUT).unlink(missing_ok=True)
                continue
            account, bucket, *_ = path.relative_to(_objects(space)).parts
            s3 = server.to_endpoint().client("s3", root(account), _REGION)
            kept = s3.list_object_versions(Bucket=bucket, Prefix=each["key"]).get("Versions", [])
            for version in kept:
                s3.delete_object(Bucket=bucket, Key=each["key"], VersionId=version["VersionId"])


def _output_artifacts(events: Iterable[Event]) -> Iterator[Mapping[str, str]]:
    for event in events:
        if event["type"] == "action-finished":
            yield from event.get("outputs", ())


def _objects(space: Workspace) -> Path:
    return (space.running if space.running.exists() else space.saved) / "s3"


def _zips(space: Workspace, artifact: Mapping[str, str]) -> Iterator[Path]:
    """In the bucket that it was made in before all others: below an account's folder and the bucket's."""
    objects = _objects(space)
    for bucket in (artifact["bucket"], "*"):
        yield from objects.glob(f"*/{bucket}/{artifact['key']}")
