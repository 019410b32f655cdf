"""Revisions of an execution: which commit or object it delivers, and its message."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        ArtifactRevisionTypeDef,
        SourceRevisionTypeDef,
    )

    from pipeline_console.views.answers import ExecutionAnswer

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Revision:
    """A source revision. id: as the API has it; short: eight characters of a commit; url: an http link, or empty."""

    id: str
    message: str = ""
    url: str = ""

    @property
    def short(self) -> str:
        return self.id[:8] if _COMMIT.fullmatch(self.id) else self.id[:24]


UNKNOWN = Revision("")


def first_revision(execution: ExecutionAnswer) -> Revision:
    """Return the first revision of an execution: of its summary, or of GetPipelineExecution."""
    sources = [*execution.get("sourceRevisions", ())] or [*execution.get("artifactRevisions", ())]
    return next((revision(source) for source in sources), UNKNOWN)


def revision(source: SourceRevisionTypeDef | ArtifactRevisionTypeDef) -> Revision:
    """Read a SourceRevision or an ArtifactRevision."""
    url = str(source.get("revisionUrl", ""))
    linked = url if urlsplit(url).scheme in ("http", "https") else ""
    return Revision(str(source.get("revisionId", "")), message(str(source.get("revisionSummary", ""))), linked)


def message(summary: str) -> str:
    """Return the first line of a commit's message.

    Source: AWS CodePipeline user guide, "CodeStarSourceConnection": the summary of a connection is JSON with
    ProviderType and CommitMessage.
    """
    with suppress(ValueError, RecursionError):
        parsed = json.loads(summary)
        if isinstance(parsed, dict):
            summary = str(parsed.get("CommitMessage", ""))
    return summary.strip().partition("\n")[0]
