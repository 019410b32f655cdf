"""Parse a pipeline's declaration, the CodePipeline API's JSON, into a definition.

Source: AWS CodePipeline API reference, "PipelineDeclaration".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rehearsal.engine.model.definition import (
    SUPERSEDED,
    Action,
    ActionType,
    ArtifactStore,
    Condition,
    Declaration,
    Filter,
    InvalidDefinition,
    OnFailure,
    Patterns,
    Pipeline,
    Stage,
    Trigger,
)


def parse(declaration: Declaration) -> Pipeline:
    """Parse a declaration in the API's shape (camelCase, as GetPipeline returns it).

    Raises InvalidDefinition, naming what is missing.
    """
    try:
        return Pipeline(
            name=declaration["name"],
            role_arn=declaration["roleArn"],
            stages=tuple(_stage(stage) for stage in declaration["stages"]),
            stores=_stores(declaration),
            execution_mode=declaration.get("executionMode", SUPERSEDED),
            type=declaration.get("pipelineType", "V1"),
            variables={variable["name"]: variable.get("defaultValue") for variable in declaration.get("variables", [])},
            triggers=tuple(_trigger(trigger["gitConfiguration"]) for trigger in declaration.get("triggers", [])),
        )
    except KeyError as missing:
        raise InvalidDefinition(f"the pipeline's definition lacks {missing}") from missing


def _stage(stage: Declaration) -> Stage:
    failure = stage.get("onFailure")
    return Stage(
        stage["name"],
        tuple(_action(action) for action in stage["actions"]),
        before_entry=_conditions(stage, "beforeEntry"),
        on_success=_conditions(stage, "onSuccess"),
        on_failure=OnFailure(
            failure.get("result", ""),
            failure.get("retryConfiguration", {}).get("retryMode", "FAILED_ACTIONS"),
            _conditions(stage, "onFailure"),
        )
        if failure
        else None,
    )


def _conditions(stage: Declaration, kind: str) -> tuple[Condition, ...]:
    return tuple(
        Condition(condition.get("result", ""), tuple(_rule(rule, kind) for rule in condition.get("rules", [])))
        for condition in (stage.get(kind) or {}).get("conditions", [])
    )


def _rule(rule: Declaration, condition: str) -> Action:
    return replace(_action({**rule, "actionTypeId": rule["ruleTypeId"]}), condition=condition)


def _action(action: Declaration) -> Action:
    kind = action["actionTypeId"]
    minutes = action.get("timeoutInMinutes")
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
        timeout=None if minutes is None else int(minutes) * 60.0,
        owner=kind.get("owner", "AWS"),
        version=kind.get("version", "1"),
        commands=tuple(action.get("commands", [])),
        output_variables=tuple(action.get("outputVariables", [])),
        output_files={output["name"]: tuple(output.get("files", [])) for output in action.get("outputArtifacts", [])},
        environment=tuple(action.get("environmentVariables", [])),
    )


def _trigger(git: Declaration) -> Trigger:
    return Trigger(
        git["sourceActionName"],
        tuple(_filter(criteria) for criteria in git.get("push", [])),
        tuple(_filter(criteria) for criteria in git.get("pullRequest", [])),
    )


def _filter(criteria: Declaration) -> Filter:
    return Filter(
        _patterns(criteria.get("branches")),
        _patterns(criteria.get("tags")),
        _patterns(criteria.get("filePaths")),
        tuple(criteria.get("events", [])),
    )


def _patterns(criteria: Declaration | None) -> Patterns | None:
    if criteria is None:
        return None
    return Patterns(tuple(criteria.get("includes", [])), tuple(criteria.get("excludes", [])))


def _names(artifacts: Sequence[Declaration]) -> tuple[str, ...]:
    return tuple(artifact["name"] for artifact in artifacts)


def _text(value: object) -> str:
    """A configuration value as a string: CloudFormation passes YAML's booleans through unconverted."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _stores(declaration: Declaration) -> Mapping[str, ArtifactStore]:
    if "artifactStore" in declaration:
        return {"": _store(declaration["artifactStore"])}
    return {region: _store(store) for region, store in declaration["artifactStores"].items()}


def _store(store: Declaration) -> ArtifactStore:
    key = store.get("encryptionKey")
    return ArtifactStore(store["location"], key["id"] if key else None)
