"""The interface between the engine and the runners of actions: a task, and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rehearsal.engine.endpoint import Credentials, Endpoint
from rehearsal.engine.model.definition import Action, ArtifactStore, PipelineKey
from rehearsal.errors import RehearsalError
from rehearsal.host.cancellation import Cancellation


class ActionError(RehearsalError):
    """The action could not do its work at all: a missing artifact, a missing stack, a missing permission.

    code: as CodePipeline's ErrorDetails, `ConfigurationError` or `PermissionError` for example.
    """

    def __init__(self, message: str, code: str = "ConfigurationError") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Artifact:
    """Where an artifact of an execution lies; revision: of the source that it is, or was made from."""

    store: ArtifactStore
    key: str
    version: str | None = None
    revision: str = ""


@dataclass(frozen=True)
class Revision:
    """The revision of a source: a commit, or the version of an object."""

    action: str
    id: str
    summary: str = ""
    url: str = ""


class Assume(Protocol):
    """Gives the credentials of a role to an AWS service that the role trusts; `through` is the role it does so with."""

    def __call__(
        self, role_arn: str, service: str, session_name: str, *, through: str = "", region: str = ""
    ) -> Credentials: ...


class Require(Protocol):
    """Raises ActionError unless the role's policies allow one of `actions` on `resource`."""

    def __call__(self, role_arn: str, *actions: str, resource: str) -> None: ...


def allow_everything(role_arn: str, *actions: str, resource: str) -> None:
    """Where IAM is off."""


@dataclass(frozen=True)
class Answer:
    """The answer to an approval."""

    approved: bool
    summary: str


def expire_never() -> None:
    """The default: an expiry by date never comes."""


def identify_nothing(external_id: str) -> None:
    """Where no execution follows the action."""


def no_answer() -> Answer | None:
    """Return None: the default of actions that ask for no approval."""
    return None


@dataclass(frozen=True)
class Task:
    """One action of one execution: `action.configuration` is resolved, `folder` is fresh and the action's own, `shared`
    that of all actions of the execution until it has ended.

    stop: is set when the work has to end, whatever the reason. note: reports how far the work is. waiting: reports that
    it waits for an approval, which is answered with `token`; answer: waits for it, and returns None if `stop` is set
    first. identify: reports how the service that does the work calls it. expire: ends the action as one that took
    longer than `limit`: seconds after which `stop` is set. wanted: by type of revision, what the execution was started
    for, where that is not the newest.
    """

    pipeline: PipelineKey
    execution_id: str
    stage: str
    action: Action
    role_arn: str
    artifacts: Mapping[str, Artifact]
    stores: Callable[[str], ArtifactStore]
    endpoint: Endpoint
    assume: Assume
    folder: Path
    shared: Path
    log: Path
    stop: Cancellation
    note: Callable[[str], None]
    waiting: Callable[[str], None]
    token: str = ""
    answer: Callable[[], Answer | None] = no_answer
    expire: Callable[[], None] = expire_never
    identify: Callable[[str], None] = identify_nothing
    action_execution_id: str = ""
    limit: float = 3600.0
    wanted: Mapping[str, str] = field(default_factory=dict)
    pipeline_role: str = ""
    asked: Require = allow_everything

    @property
    def region(self) -> str:
        return self.action.region or self.pipeline.region

    @property
    def where(self) -> str:
        """How messages name this action."""
        return f"{self.stage}/{self.action.name}"

    def credentials(self) -> Credentials:
        """Those of the action's role, which CodePipeline assumes through the pipeline's role."""
        through, region = self.pipeline_role, self.pipeline.region
        session = self.execution_id[:32]
        return self.assume(self.role_arn, "codepipeline.amazonaws.com", session, through=through, region=region)

    def require(self, *actions: str, resource: str) -> None:
        """Raise ActionError unless the action's role may do one of `actions`, which CodePipeline does for it."""
        self.asked(self.role_arn, *actions, resource=resource)

    def setting(self, key: str) -> str:
        """A configuration value that the action can't do without."""
        try:
            return self.action.configuration[key]
        except KeyError:
            raise ActionError(f"{self.where}: {self.action.type} needs {key} in its configuration") from None


@dataclass(frozen=True)
class Outcome:
    """How an action ended. `failed` is a result (a red test, a rejection), not an error.

    variables: the action's output variables; outputs: the artifacts it made, by name. external_id: how the service that
    did the work calls it. executed: False if its provider was accepted with `--accept`. code: CodePipeline's for a
    failure.
    """

    failed: bool
    summary: str
    variables: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Artifact] = field(default_factory=dict)
    revision: Revision | None = None
    external_id: str = ""
    executed: bool = True
    code: str = "JobFailed"


class ActionRunner(Protocol):
    """Does the work of one action type.

    `run` blocks until the work has ended or `task.stop` is set, and raises ActionError when it can't be done at all.
    """

    def run(self, task: Task) -> Outcome: ...
