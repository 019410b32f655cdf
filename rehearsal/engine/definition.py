"""A pipeline's definition, parsed once from the CodePipeline API's JSON into frozen values.

Source: AWS CodePipeline API reference, "PipelineDeclaration".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rehearsal.errors import RehearsalError

Json = Mapping[str, Any]


class BadDefinition(RehearsalError):
    """The declaration lacks something that CodePipeline requires."""


@dataclass(frozen=True)
class PipelineKey:
    """What names one pipeline among all accounts and regions."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:codepipeline:{self.region}:{self.account}:{self.name}"


@dataclass(frozen=True)
class ActionType:
    """The category and the provider that choose an action's runner."""

    category: str
    provider: str

    def __str__(self) -> str:
        return f"{self.category}/{self.provider}"


@dataclass(frozen=True)
class Action:
    """One action; `configuration` may still hold `#{namespace.key}`."""

    name: str
    type: ActionType
    run_order: int
    configuration: Mapping[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    role_arn: str | None
    region: str | None
    namespace: str | None


@dataclass(frozen=True)
class Stage:
    """A stage and its actions, in the order of the definition."""

    name: str
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class ArtifactStore:
    """The bucket that carries artifacts in one region, and the key it encrypts them with (None: the bucket's own)."""

    bucket: str
    key_arn: str | None


@dataclass(frozen=True)
class Pipeline:
    """A whole definition; `stores` are by region, and the empty region stands for the pipeline's own."""

    name: str
    role_arn: str
    stages: tuple[Stage, ...]
    stores: Mapping[str, ArtifactStore]
    execution_mode: str = "SUPERSEDED"
    variables: Mapping[str, str] = field(default_factory=dict)

    def store_for(self, region: str) -> ArtifactStore:
        """The store of `region`; a pipeline with one store has it for its own region only."""
        store = self.stores.get(region) or self.stores.get("")
        if store is None:
            raise BadDefinition(
                f"{self.name}: no artifact store for {region}; there are {', '.join(sorted(self.stores))}"
            )
        return store


def parse(declaration: Json) -> Pipeline:
    """Read a declaration in the API's shape (camelCase, as GetPipeline gives it).

    Raises BadDefinition, naming what is missing.
    """
    try:
        return Pipeline(
            name=declaration["name"],
            role_arn=declaration["roleArn"],
            stages=tuple(_stage(stage) for stage in declaration["stages"]),
            stores=_stores(declaration),
            execution_mode=declaration.get("executionMode", "SUPERSEDED"),
            variables={each["name"]: each.get("defaultValue", "") for each in declaration.get("variables", [])},
        )
    except KeyError as missing:
        raise BadDefinition(f"the pipeline's definition lacks {missing}") from missing


def _stage(stage: Json) -> Stage:
    return Stage(stage["name"], tuple(_action(action) for action in stage["actions"]))


def _action(action: Json) -> Action:
    kind = action["actionTypeId"]
    return Action(
        name=action["name"],
        type=ActionType(kind["category"], kind["provider"]),
        run_order=int(action.get("runOrder", 1)),
        configuration={key: _text(value) for key, value in action.get("configuration", {}).items()},
        inputs=_names(action.get("inputArtifacts", [])),
        outputs=_names(action.get("outputArtifacts", [])),
        role_arn=action.get("roleArn"),
        region=action.get("region"),
        namespace=action.get("namespace"),
    )


def _names(artifacts: Sequence[Json]) -> tuple[str, ...]:
    return tuple(artifact["name"] for artifact in artifacts)


def _text(value: Any) -> str:
    """Configuration is a map of strings; CloudFormation lets YAML's booleans through as they are."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _stores(declaration: Json) -> Mapping[str, ArtifactStore]:
    if "artifactStore" in declaration:
        return {"": _store(declaration["artifactStore"])}
    return {region: _store(store) for region, store in declaration["artifactStores"].items()}


def _store(store: Json) -> ArtifactStore:
    key = store.get("encryptionKey")
    return ArtifactStore(store["location"], key["id"] if key else None)
