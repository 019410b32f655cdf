"""Types of Lambda's functions: members of requests, properties in templates, and MiniStack's records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NotRequired, TypedDict, cast


class Variables(TypedDict, total=False):
    Variables: Mapping[str, str]


class EphemeralStorage(TypedDict, total=False):
    Size: int


class LoggingConfig(TypedDict, total=False):
    LogFormat: str
    LogGroup: str
    ApplicationLogLevel: str
    SystemLogLevel: str


class SnapStart(TypedDict, total=False):
    OptimizationStatus: str


class FunctionCode(TypedDict, total=False):
    S3Bucket: str
    S3Key: str


class RoutingConfig(TypedDict, total=False):
    AdditionalVersionWeights: Mapping[str, float]


class FunctionSettings(TypedDict, total=False):
    """Settings in a request of CreateFunction or UpdateFunctionConfiguration, or in the properties of a template."""

    Code: FunctionCode
    DeadLetterConfig: Mapping[str, str]
    Environment: Variables
    ReservedConcurrentExecutions: int | str
    Role: str
    Timeout: int | str


class FunctionConfig(TypedDict, total=False):
    """Configuration of a function or version, with the members that GetFunctionConfiguration returns."""

    CodeSha256: str
    DeadLetterConfig: Mapping[str, str]
    Environment: Variables
    EphemeralStorage: EphemeralStorage
    FunctionArn: str
    FunctionName: str
    Handler: str
    Layers: list[object]
    LoggingConfig: LoggingConfig
    MemorySize: int
    Role: str
    Runtime: str
    SnapStart: SnapStart
    Timeout: int
    Version: str


class AliasRequest(TypedDict, total=False):
    """Members of a request of CreateAlias or UpdateAlias."""

    FunctionVersion: str
    Name: str
    RoutingConfig: RoutingConfig | None


class AliasRecord(AliasRequest, total=False):
    AliasArn: str
    RevisionId: str


class AliasProperties(TypedDict, total=False):
    """Properties of `AWS::Lambda::Alias`."""

    FunctionName: str
    FunctionVersion: str
    Name: str


class EventSourceMapping(TypedDict, total=False):
    """Members of a request of CreateEventSourceMapping."""

    EventSourceArn: str
    FunctionName: str
    LastProcessingResult: str


class PolicyRecord(TypedDict, total=False):
    Statement: list[Mapping[str, object]]


class VersionRecord(TypedDict, total=False):
    config: FunctionConfig
    code_zip: bytes | None


class FunctionRecord(VersionRecord, total=False):
    """A function, or one of its versions, with its code."""

    aliases: dict[str, AliasRecord]
    concurrency: int | None
    policy: PolicyRecord
    versions: dict[str, FunctionRecord]


def configuration(function: FunctionRecord) -> FunctionConfig:
    """Return the configuration of a function record, which MiniStack may pass without the rest of the record."""
    return function.get("config") or cast("FunctionConfig", function)


class ExecutionOutcome(TypedDict):
    """The result of one invocation, in MiniStack's form."""

    body: object
    log: NotRequired[str]
    log_source: NotRequired[str]
    duration_ms: NotRequired[float]
    error: NotRequired[bool]
    throttle: NotRequired[bool]
