"""What may differ between two deployments of the service; the differences come in here, never from a name."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class ServiceOptions(BaseModel):
    """How one environment runs the service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    log_retention: Literal["ONE_WEEK", "ONE_MONTH", "SIX_MONTHS", "ONE_YEAR"] = "ONE_MONTH"
