"""Source revision overrides of StartPipelineExecution.

Source: AWS CodePipeline user guide, "Start a pipeline with a source revision override".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rehearsal.emulator.server.api_error import ApiError
from rehearsal.engine.model.definition import Pipeline

# Provider -> allowed revision types. All other providers, which are not rehearsed, accept any type.
TYPES: Mapping[str, tuple[str, ...]] = {
    "CodeCommit": ("COMMIT_ID",),
    "CodeStarSourceConnection": ("COMMIT_ID",),
    "ECR": ("IMAGE_DIGEST",),
    "GitHub": ("COMMIT_ID",),
    "S3": ("S3_OBJECT_KEY", "S3_OBJECT_VERSION_ID"),
}


def source_overrides(pipeline: Pipeline, requested: Iterable[Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return source action -> revision type -> revision; an S3 source may have a key and a version. Raises ApiError."""
    sources = {action.name: action for action in pipeline.stages[0].actions}
    overrides: dict[str, dict[str, str]] = {}
    for override in requested:
        name, kind = override["actionName"], override["revisionType"]
        if name not in sources:
            raise ApiError("ValidationException", f"no source action is called {name}; there are {', '.join(sources)}")
        settings, allowed = sources[name].configuration, TYPES.get(sources[name].type.provider, (kind,))
        if kind not in allowed:
            raise ApiError("ValidationException", f"{name}: revisionType: got {kind}; allowed is {', '.join(allowed)}")
        if kind == "S3_OBJECT_KEY" and settings.get("AllowOverrideForS3ObjectKey", "").lower() != "true":
            raise ApiError("ValidationException", f"{name}: its AllowOverrideForS3ObjectKey is not true")
        overrides.setdefault(name, {})[kind] = override["revisionValue"]
    return overrides
