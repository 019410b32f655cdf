"""The interface between the engine and the runners of actions: a task, and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from rehearsal.engine.endpoint import Credentials, Endpoint
from rehearsal.engine.model.definition import Action, ArtifactStore, PipelineKey
from rehearsal.errors import RehearsalError
from rehearsal.host.cancellation import Cancellation


class ActionError(RehearsalError):
    """An action could not run at all, because of a missing artifact, stack or permission for example.

    code: the code of CodePipeline's ErrorDetails, such as `ConfigurationError` or `PermissionError`.
    """

    def __init__(self, message: str, code: str = "ConfigurationError") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Artifact:
    """The location of an artifact: store, key and object version.

    revision: the source revision that the artifact holds or was built from.
    """

    store: ArtifactStore
    key: str
    version: str | None = None
    revision: str = ""


@dataclass(frozen=True)
class Revision:
    """The revision of a source: a commit id, or the version of an S3 object. action: the source action's name."""

    action: str
    id: str
    summary: str = ""
    url: str = ""


class Assume(Protocol):
    """Returns a role's credentials for a session of an AWS service, which the role has to trust.

    through: the role that calls sts:AssumeRole, where it is not the service itself.
    """

    def __call__(
        self, role_arn: str, service: str, session_name: str, *, through: str = "", region: str = ""
    ) -> Credentials: ...


class Require(Protocol):
    """Raises ActionError unless the role's policies allow one of `actions` on `resource`.

    keys: the condition keys of the request, in lower case.
    """

    def __call__(
        self, role_arn: str, *actions: str, resource: str, keys: Mapping[str, str] = MappingProxyType({})
    ) -> None: ...


def allow_everything(
    role_arn: str, *actions: str, resource: str, keys: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Check nothing: the `Require` of rehearsals without IAM."""


@dataclass(frozen=True)
class Answer:
    """The answer to an approval."""

    approved: bool
    summary: str


def identify_nothing(external_id: str) -> None:
    """Do nothing: the default of `Task.identify`."""


@dataclass(frozen=True)
class PendingApproval:
    """The approval that an action can wait for.

    token: for the answer. limit: seconds until the approval expires. request: reports that the action waits, with a
    text for the approver. answer: waits for the answer; returns None if `Task.stop` is set first. expire: ends the
    action as if the limit had passed.
    """

    token: str
    limit: float
    request: Callable[[str], None]
    answer: Callable[[], Answer | None]
    expire: Callable[[], None]


@dataclass(frozen=True)
class Task:
    """One attempt of one action, as its runner gets it. `action.configuration` has its variables resolved.

    folder: an empty folder for this attempt. shared: a folder for all actions of the execution. log: the file for the
    action's output. stop: set when the work has to end, for any reason. note: reports a line of progress. identify:
    reports the external execution id, such as a build id. requested_revisions: revision type -> revision, where the
    execution was started for a revision that is not the newest. check_permission: checks the policies of any role.
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
    approval: PendingApproval
    identify: Callable[[str], None] = identify_nothing
    action_execution_id: str = ""
    requested_revisions: Mapping[str, str] = field(default_factory=dict)
    pipeline_role: str = ""
    check_permission: Require = allow_everything

    @property
    def region(self) -> str:
        return self.action.region or self.pipeline.region

    @property
    def where(self) -> str:
        """The action's name in messages: stage/action."""
        return f"{self.stage}/{self.action.name}"

    def credentials(self) -> Credentials:
        """Return credentials of the action's role, which CodePipeline assumes through the pipeline's role."""
        through, region = self.pipeline_role, self.pipeline.region
        session = self.execution_id[:32]
        return self.assume(self.role_arn, "codepipeline.amazonaws.com", session, through=through, region=region)

    def require(self, *actions: str, resource: str) -> None:
        """Raise ActionError unless the action's role allows one of `actions`, IAM actions that CodePipeline calls."""
        self.check_permission(self.role_arn, *actions, resource=resource)

    def setting(self, key: str) -> str:
        """Return a required configuration value. Raises ActionError where it is missing."""
        try:
            return self.action.configuration[key]
        except KeyError:
            raise ActionError(f"{self.where}: {self.action.type} needs {key} in its configuration") from None


@dataclass(frozen=True)
class Outcome:
    """The result of an action. `failed` is a result (a red test, a rejection), not an error.

    variables: the action's output variables. outputs: output artifacts by name. external_id: the external execution
    id, such as a build id. executed: False if `--accept` skipped the provider. code: CodePipeline's code of a failure.
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
    """Runs the actions of one action type.

    `run` blocks until the work has ended or `task.stop` is set. It raises ActionError when the action cannot run.
    """

    def run(self, task: Task) -> Outcome: ...
