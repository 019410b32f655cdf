"""The records in the cache of one build of a project: its layers, and the code of each function."""

from __future__ import annotations

from typing import TypedDict

from lambda_layers.manifest_records import FunctionRecord, ManifestRecord


class BuildRecord(TypedDict):
    """`manifest` without functions, which are kept apart; `files`: path below the project -> sha256; `warnings`."""

    manifest: ManifestRecord
    files: dict[str, str]
    warnings: list[str]


class CodeRecord(TypedDict):
    """The code of one function in the cache: its entry in layers.json, and what users should know of it."""

    function: FunctionRecord
    warnings: list[str]
