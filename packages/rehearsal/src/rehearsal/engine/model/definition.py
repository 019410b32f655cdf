"""A pipeline's definition, as frozen values; declaration.py parses it from the CodePipeline API's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.errors import RehearsalError

# Execution modes.
SUPERSEDED, QUEUED, PARALLEL = "SUPERSEDED", "QUEUED", "PARALLEL"

# A declaration, or a part of one: JSON in the shape of CodePipeline's API.
Declaration = Mapping[str, Any]


class InvalidDefinition(RehearsalError):
    """The declaration lacks something that CodePipeline requires."""


@dataclass(frozen=True)
class PipelineKey:
    """The account, region and name of a pipeline."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:codepipeline:{self.region}:{self.account}:{self.name}"


@dataclass(frozen=True)
class ActionType:
    """The category and the provider of an action, which select its runner."""

    category: str
    provider: str

    def __str__(self) -> str:
        return f"{self.category}/{self.provider}"


@dataclass(frozen=True)
class Action:
    """One action, or one rule of a condition; `configuration` may still hold `#{namespace.key}`.

    timeout: seconds, None where the definition sets no timeoutInMinutes. condition: for a rule, the key of its
    condition, such as onSuccess. commands, output_variables, output_files (patterns by artifact) and environment: for
    the Commands action.
    """

    name: str
    type: ActionType
    run_order: int
    configuration: Mapping[str, str]
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    role_arn: str | None = None
    region: str | None = None
    namespace: str | None = None
    timeout: float | None = None
    owner: str = "AWS"
    version: str = "1"
    commands: tuple[str, ...] = ()
    condition: str = ""
    output_variables: tuple[str, ...] = ()
    output_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    environment: tuple[Mapping[str, str], ...] = ()

    @property
    def is_rule(self) -> bool:
        return self.type.category == "Rule"

    @property
    def primary(self) -> str:
        """The primary input artifact: the one that PrimarySource names, else the first; empty without inputs."""
        return self.configuration.get("PrimarySource") or next(iter(self.inputs), "")


@dataclass(frozen=True)
class Condition:
    """A stage condition, which is met when all its rules succeed.

    result: what CodePipeline does when the condition is not met: FAIL, SKIP, ROLLBACK or RETRY.
    """

    result: str
    rules: tuple[Action, ...]


@dataclass(frozen=True)
class OnFailure:
    """What CodePipeline does after a stage has failed: `result`, or the result of a condition that is not met.

    retry_mode: FAILED_ACTIONS or ALL_ACTIONS, for the result RETRY.
    """

    result: str
    retry_mode: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Stage:
    """A stage and its actions, in the order of the definition."""

    name: str
    actions: tuple[Action, ...]
    before_entry: tuple[Condition, ...] = ()
    on_success: tuple[Condition, ...] = ()
    on_failure: OnFailure | None = None

    @property
    def rules(self) -> tuple[Action, ...]:
        """The rules of all conditions."""
        failure = self.on_failure.conditions if self.on_failure else ()
        return tuple(rule for condition in (*self.before_entry, *self.on_success, *failure) for rule in condition.rules)


@dataclass(frozen=True)
class Patterns:
    """Glob patterns; `excludes` take precedence over `includes`, and without includes everything is included."""

    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Filter:
    """One filter of a trigger: all criteria that it sets have to match; None stands for a criterion that is not set.

    events: the events of a pull request filter; empty for a push filter.
    """

    branches: Patterns | None
    tags: Patterns | None
    paths: Patterns | None
    events: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trigger:
    """The filters of one source action; a match of any of them starts the pipeline."""

    source: str
    push: tuple[Filter, ...]
    pull_request: tuple[Filter, ...]


@dataclass(frozen=True)
class ArtifactStore:
    """The artifact bucket of one region, and the KMS key for artifacts (None: the bucket's default encryption)."""

    bucket: str
    key_arn: str | None


@dataclass(frozen=True)
class Pipeline:
    """A whole definition.

    stores: region -> artifact store; the empty region is the pipeline's own. variables: name -> default value, or None
    where every execution has to set the value.
    """

    name: str
    role_arn: str
    stages: tuple[Stage, ...]
    stores: Mapping[str, ArtifactStore]
    execution_mode: str = SUPERSEDED
    type: str = "V1"
    variables: Mapping[str, str | None] = field(default_factory=dict)
    triggers: tuple[Trigger, ...] = ()

    def store_for(self, region: str) -> ArtifactStore:
        """Return the artifact store of `region`. Raises InvalidDefinition where there is none."""
        store = self.stores.get(region) or self.stores.get("")
        if store is None:
            raise InvalidDefinition(
                f"{self.name}: no artifact store for {region}; there are {', '.join(sorted(self.stores))}"
            )
        return store


# Used for executions whose definition does not exist any more.
NO_PIPELINE = Pipeline("", "", (), {})
