"""Options that may differ between environments; the code does not depend on an environment's name."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ServiceOptions(BaseModel):
    """How one environment runs the service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory_mb: int = Field(default=256, ge=128, le=10240)
    timeout_seconds: int = Field(default=10, ge=1, le=900)
    reserved_concurrency: int | None = Field(
        default=None,
        ge=0,
        description="Off by default: a new account has ten executions at a time, and none of them can be reserved.",
    )
    queue_concurrency: int = Field(
        default=5, ge=2, le=1000, description="The highest number of executions that a queue may start at a time."
    )
    log_retention: Literal["ONE_WEEK", "ONE_MONTH", "THREE_MONTHS", "SIX_MONTHS", "ONE_YEAR", "TWO_YEARS"] = "ONE_MONTH"
    retain: bool = Field(default=False, description="Keep logs, queues and the key when the stack is deleted.")
    alarm_actions: bool = Field(default=True, description="Whether alarms notify their topic.")
    alarm_email: str | None = Field(
        default=None, description="The subscriber of alarms, in place of `notify.emails`; has to confirm once."
    )
    tests: Literal["full", "smoke"] = Field(
        default="full", description="`smoke` sends nothing through queue or topic, and its role could not."
    )
