"""The options of the shop that environments may set."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ShopOptions(BaseModel):
    """How one environment runs the shop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory_mb: int = Field(default=256, ge=128, le=10240)
    checks: Literal["all", "reading"] = "all"
