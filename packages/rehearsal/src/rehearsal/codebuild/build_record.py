"""The record of a build, as the CodeBuild API returns it, from its start to its end.

Source: CodeBuild API reference, "Build".
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypedDict

from rehearsal.codebuild.model import Build, BuildResult, PhaseResult, TestReport
from rehearsal.host.cancellation import Cancellation
from rehearsal.json_values import JsonObject

if TYPE_CHECKING:
    from types_boto3_codebuild.type_defs import (
        ProjectCacheOutputTypeDef,
        ProjectEnvironmentOutputTypeDef,
        ProjectSourceTypeDef,
        VpcConfigOutputTypeDef,
    )


class ProjectParts(TypedDict, total=False):
    """The parts of a project that the record of a build repeats."""

    cache: ProjectCacheOutputTypeDef
    environment: ProjectEnvironmentOutputTypeDef
    serviceRole: str
    source: ProjectSourceTypeDef
    vpcConfig: VpcConfigOutputTypeDef


class BuildStore(Protocol):
    """The storage in which the API finds builds."""

    def begin(self, build: Build) -> Cancellation:
        """Return the cancellation that StopBuild sets while the build runs."""

    def put(self, build: Build, record: JsonObject) -> None: ...

    def begin_batch(self, arn: str) -> Cancellation:
        """Return the cancellation that StopBuildBatch sets while the batch runs."""

    def put_batch(self, record: JsonObject) -> None:
        """Store the record of a batch of builds."""

    def put_reports(self, build: Build, reports: Sequence[TestReport]) -> list[str]:
        """Return the ARNs of a build's test reports."""

    def end(self, build: Build) -> None:
        """Drop the cancellation of a build that has ended, or could not begin."""


class BuildRecord:
    """The record of one build, which is replaced at the end of every phase.

    about: fields that are copied from the project, such as source, environment, serviceRole and cache. stop: set by
    StopBuild.
    """

    def __init__(self, builds: BuildStore, build: Build, about: ProjectParts, log_group: str) -> None:
        self._builds, self._build = builds, build
        self.stop = builds.begin(build)
        self._began = time.time()
        self._phases = [_phase("SUBMITTED", self._began, 0.0)]
        self._record: JsonObject = {**about, **_identity(build, log_group), "startTime": self._began}
        self._put(currentPhase="QUEUED", buildStatus="IN_PROGRESS", buildComplete=False)

    def start(self, failed: PhaseResult | None = None) -> None:
        """Record that the build has left the queue. failed: the phase PROVISIONING, where it failed."""
        now = time.time()
        self._phases += [_phase("QUEUED", self._began, now - self._began), _phase("PROVISIONING", now, 0.0, failed)]
        self._put(currentPhase="PROVISIONING" if failed else "DOWNLOAD_SOURCE")

    def phase(self, result: PhaseResult) -> None:
        """Record the end of a phase."""
        self._phases.append(_phase(result.name, time.time() - result.seconds, result.seconds, result))
        self._put(currentPhase=result.name)

    def end(self, result: BuildResult | None) -> None:
        """Record the end of the build. None: it could not run at all, which has the status FAULT."""
        exported = result.exported if result else {}
        now = time.time()
        self._phases += [_phase("FINALIZING", now, 0.0), {"phaseType": "COMPLETED", "startTime": now}]
        self._put(
            currentPhase="COMPLETED",
            buildStatus=result.status if result else "FAULT",
            buildComplete=True,
            endTime=now,
            reportArns=self._builds.put_reports(self._build, result.reports if result else ()),
            exportedEnvironmentVariables=[{"name": name, "value": value} for name, value in exported.items()],
        )
        self._builds.end(self._build)

    def _put(self, **changed: object) -> None:
        self._record = {**self._record, **changed, "phases": list(self._phases)}
        self._builds.put(self._build, self._record)


def _identity(build: Build, log_group: str) -> JsonObject:
    """The build's own fields; the API omits empty strings."""
    logs = {"groupName": log_group, "streamName": build.log_stream} if log_group else {}
    identity = {
        "id": build.id,
        "arn": build.arn,
        "buildNumber": build.number,
        "projectName": build.project,
        "sourceVersion": build.source_version,
        "resolvedSourceVersion": build.resolved_version,
        "initiator": build.initiator,
        "timeoutInMinutes": int(build.timeout_minutes),
        "encryptionKey": build.key_arn,
        "logs": logs,
    }
    return {name: value for name, value in identity.items() if value != ""}


def _phase(name: str, began: float, seconds: float, result: PhaseResult | None = None) -> JsonObject:
    return {
        "phaseType": name,
        "phaseStatus": result.status if result else "SUCCEEDED",
        "startTime": began,
        "endTime": began + seconds,
        "durationInSeconds": int(seconds),
        "contexts": [{"statusCode": result.code, "message": result.message}] if result else [],
    }
