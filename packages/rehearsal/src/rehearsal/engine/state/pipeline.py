"""A pipeline that is deployed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from rehearsal.engine.model.definition import Pipeline, PipelineKey, parse


@dataclass
class DeployedPipeline:
    """A pipeline as CloudFormation or the API made it; `declaration` is in the API's shape."""

    key: PipelineKey
    declaration: dict[str, Any]
    version: int = 1
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)

    @property
    def pipeline(self) -> Pipeline:
        return parse(self.declaration)
