"""Validation of a definition, as CodePipeline validates it.

Source: AWS CodePipeline user guide, "CodePipeline pipeline structure reference".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.declaration import parse
from rehearsal.engine.model.definition import PARALLEL, SUPERSEDED, Declaration, Pipeline, Stage

APPROVAL_MINUTES = (5, 86_400)
# Source: AWS CodePipeline user guide, "Variables reference": namespaces.
RESERVED = ("codepipeline", "variables")
STRUCTURE, STAGE, ACTION = (
    "InvalidStructureException",
    "InvalidStageDeclarationException",
    "InvalidActionDeclarationException",
)


def validate_definition(declaration: Declaration, region: str) -> None:
    """Raise RequestRejected with the first error that CodePipeline would find.

    region: the region of the pipeline.
    """
    pipeline = parse(declaration)
    for problems in (
        _stages(pipeline),
        _sources(pipeline),
        _actions(pipeline),
        _artifacts(pipeline),
        _stores(declaration, pipeline, region),
        _version_two(declaration, pipeline),
    ):
        for code, problem in problems:
            raise RequestRejected(code, f"{pipeline.name}: {problem}")


Problems = Iterator[tuple[str, str]]


def _stages(pipeline: Pipeline) -> Problems:
    if len(pipeline.stages) < 2:
        yield STRUCTURE, f"a pipeline needs at least two stages; it has {len(pipeline.stages)}"
    for name in _twice(stage.name for stage in pipeline.stages):
        yield STAGE, f"two stages are called {name}"
    for stage in pipeline.stages:
        if not stage.actions:
            yield STAGE, f"stage {stage.name} has no action"
        for name in _twice(action.name for action in stage.actions):
            yield ACTION, f"stage {stage.name}: two actions are called {name}"


def _sources(pipeline: Pipeline) -> Problems:
    first, *others = pipeline.stages
    if _rolls_back(first):
        yield STAGE, f"{first.name} is the source stage, which cannot be rolled back"
    for action in first.actions:
        if action.type.category != "Source":
            yield STRUCTURE, f"the first stage holds source actions only; {action.name} is {action.type}"
    for stage in others:
        for action in stage.actions:
            if action.type.category == "Source":
                yield (
                    STRUCTURE,
                    f"source actions are allowed in the first stage only; {stage.name}/{action.name} is one",
                )


def _actions(pipeline: Pipeline) -> Problems:
    low, high = APPROVAL_MINUTES
    for where, action in ((f"{s.name}/{a.name}", a) for s in pipeline.stages for a in s.actions):
        if not 1 <= action.run_order <= 999:
            yield ACTION, f"{where}: runOrder: got {action.run_order}; 1 to 999 is allowed"
        if action.timeout is not None and not low <= action.timeout / 60 <= high:
            yield ACTION, f"{where}: timeoutInMinutes: got {action.timeout / 60:.0f}; {low} to {high} is allowed"
    actions = [action for stage in pipeline.stages for action in stage.actions]
    namespaces = [action.namespace for action in actions if action.namespace]
    for name in _twice(namespaces):
        yield ACTION, f"two actions have the namespace {name}"
    for name in sorted({*RESERVED} & {*namespaces}):
        yield ACTION, f"the namespace {name} is CodePipeline's own"
    for name in sorted({name for action in actions for name in action.outputs} & {*namespaces}):
        yield ACTION, f"{name} is the name of an artifact as well as a namespace"


def _artifacts(pipeline: Pipeline) -> Problems:
    """An input artifact has to be the output of an action that runs earlier."""
    produced: set[str] = set()
    for stage in pipeline.stages:
        for order in sorted({action.run_order for action in stage.actions}):
            wave = [action for action in stage.actions if action.run_order == order]
            for action in wave:
                for name in sorted(set(action.inputs) - produced):
                    yield ACTION, f"{stage.name}/{action.name}: no action before it makes the input artifact {name}"
            outputs = [name for action in wave for name in action.outputs]
            for name in [*_twice(outputs), *sorted(produced & set(outputs))]:
                yield ACTION, f"{stage.name}: two actions make the artifact {name}"
            produced |= set(outputs)


def _stores(declaration: Declaration, pipeline: Pipeline, region: str) -> Problems:
    if "artifactStore" in declaration and "artifactStores" in declaration:
        yield STRUCTURE, "artifactStore or artifactStores, not both"
    needed = {region} | {a.region for stage in pipeline.stages for a in stage.actions if a.region}
    known = {region} if "artifactStore" in declaration else set(pipeline.stores)
    for missing in sorted(needed - known):
        yield STRUCTURE, f"there is no artifact store in {missing}; there are stores in {', '.join(sorted(known))}"


def _version_two(declaration: Declaration, pipeline: Pipeline) -> Problems:
    """Features that only pipelines of type V2 have."""
    if pipeline.execution_mode == PARALLEL and any(_rolls_back(stage) for stage in pipeline.stages):
        yield STRUCTURE, "no stage of a pipeline in PARALLEL mode can be rolled back"
    if pipeline.type == "V2":
        return
    if pipeline.execution_mode != SUPERSEDED:
        yield STRUCTURE, f"executionMode {pipeline.execution_mode} needs pipelineType V2"
    for key in ("variables", "triggers"):
        if declaration.get(key):
            yield STRUCTURE, f"{key} need pipelineType V2"
    for stage in pipeline.stages:
        if stage.before_entry or stage.on_success or stage.on_failure:
            yield STAGE, f"the conditions of stage {stage.name} need pipelineType V2"


def _rolls_back(stage: Stage) -> bool:
    rule = stage.on_failure
    conditions = [*stage.on_success, *(rule.conditions if rule else ())]
    return (rule is not None and rule.result == "ROLLBACK") or any(
        condition.result == "ROLLBACK" for condition in conditions
    )


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
