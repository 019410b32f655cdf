"""The input and the result of a build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rehearsal.workspace.build_area import TEMPORARY

PhaseStatus = Literal["SUCCEEDED", "FAILED", "STOPPED", "TIMED_OUT"]
BuildStatus = PhaseStatus
SHOWN = 5  # names of failed tests in a summary


@dataclass(frozen=True)
class EnvironmentVariable:
    """A variable. type: PLAINTEXT; with PARAMETER_STORE or SECRETS_MANAGER `value` names the parameter or secret."""

    name: str
    value: str
    type: str = "PLAINTEXT"


@dataclass(frozen=True)
class Build:
    """One build of a project, as it was started.

    variables: the project's. overrides: those of the StartBuild call or the action. buildspec: a path in the source, or
    the text. cached: whether the project has a cache. cache_links: whether CodeBuild would link cached folders, as it
    does with a local cache. privileged: whether it can use Docker. vpc: the id of its VPC; empty without
    one. batch_identifier: of a batch's build; else empty.
    """

    id: str
    arn: str
    number: int
    project: str
    account: str
    region: str
    buildspec: str
    variables: tuple[EnvironmentVariable, ...]
    overrides: tuple[EnvironmentVariable, ...]
    image: str
    timeout_minutes: float
    initiator: str
    source_version: str
    resolved_version: str
    log_stream: str
    key_arn: str = ""
    cached: bool = True
    cache_links: bool = False
    privileged: bool = False
    vpc: str = ""
    batch_identifier: str = ""


@dataclass(frozen=True)
class PhaseResult:
    """How a phase ended. code, message: of CodeBuild's phase context; empty after success."""

    name: str
    status: PhaseStatus
    seconds: float
    code: str = ""
    message: str = ""


CaseStatus = Literal["SUCCEEDED", "FAILED", "ERROR", "SKIPPED"]


@dataclass(frozen=True)
class TestCase:
    """One test of a report. prefix: its class; file: the report's file that holds it; message: why it failed."""

    __test__ = False

    name: str
    prefix: str
    suite: str
    file: str
    status: CaseStatus
    seconds: float = 0.0
    message: str = ""

    @property
    def full_name(self) -> str:
        return ".".join(filter(None, (self.prefix, self.name)))


@dataclass(frozen=True)
class TestReport:
    """The results of a report group. group_arn: of a group that the buildspec names by its ARN, else empty.

    INCOMPLETE: no file was found, one could not be read, or its format is not supported here.
    """

    __test__ = False

    group: str
    status: Literal["SUCCEEDED", "FAILED", "INCOMPLETE"]
    cases: tuple[TestCase, ...] = ()
    problem: str = ""
    group_arn: str = ""

    def count(self, *statuses: CaseStatus) -> int:
        """Return how many tests ended in one of these ways."""
        return sum(case.status in statuses for case in self.cases)

    def summary(self) -> str:
        """Return a line such as `tests: 41 passed, 1 failed, 2 skipped: test_a`."""
        failed = [case.full_name for case in self.cases if case.status in ("FAILED", "ERROR")]
        counts = f"{self.count('SUCCEEDED')} passed, {len(failed)} failed, {self.count('SKIPPED')} skipped"
        shown = ", ".join(failed[:SHOWN])
        more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
        return f"{self.group}: {self.problem or counts}{': ' + shown + more if shown else ''}"


@dataclass(frozen=True)
class BuildResult:
    """How a build ended. artifacts: zips by identifier, the primary one under the empty name."""

    status: BuildStatus
    message: str = ""
    phases: tuple[PhaseResult, ...] = ()
    exported: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, Path] = field(default_factory=dict)
    reports: tuple[TestReport, ...] = ()
    retries: int = 0


@dataclass(frozen=True)
class BuildFolders:
    """The folders of a build. folder: its work folder, which it creates. caches: kept between builds.

    sources: unpacked sources by name; the primary one has the empty name. temporary: the parent of its TMPDIR, whose
    name starts with `tmpdir_prefix`.
    """

    folder: Path
    sources: Mapping[str, Path]
    caches: Path
    temporary: Path = TEMPORARY
    tmpdir_prefix: str = "build-"

    @property
    def source(self) -> Path:
        return self.sources[""]

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def state(self) -> Path:
        return self.folder / "state"


def store(caches: Path, account: str, region: str, project: str) -> Path:
    """Return the folder of a project's caches and build number."""
    return caches / "projects" / f"{account}-{region}-{project}"
