"""What the cache keeps of one build of a project's layers; standard library only: a build with no work reads it."""

from __future__ import annotations

from typing import TypedDict

from lambda_layers.manifest import ManifestRecord


class BuildRecord(TypedDict):
    """`manifest` without functions, which are kept apart; `files`: path below the project -> sha256; `warnings`."""

    manifest: ManifestRecord
    files: dict[str, str]
    warnings: list[str]
