"""The `batch` section of a buildspec: the builds that StartBuildBatch makes of it.

Source: AWS CodeBuild user guide, "Batch build buildspec reference" and "Run builds in batches".
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import ConfigDict, Field, ValidationError

from rehearsal.codebuild import buildspec_yaml
from rehearsal.codebuild.buildspec import InvalidBuildspec, Section, Text, Texts, UnsupportedFeature, YesNo, read_text
from rehearsal.codebuild.validation_messages import describe_errors

if TYPE_CHECKING:
    from types_boto3_codebuild.type_defs import BatchRestrictionsOutputTypeDef

KINDS = ("build-graph", "build-list", "build-matrix")


class TaskEnv(Section):
    """The changes of a task to the build environment. Compute types and fleets have no effect here."""

    compute_type: Text = ""
    fleet: Text = ""
    image: Text = ""
    privileged_mode: YesNo | None = None
    type: Text = ""
    variables: Mapping[str, Text] = {}


class BatchTask(Section):
    """One build of a batch. depend_on: of a graph; the identifiers of the tasks that have to end before it."""

    identifier: Text
    buildspec: Text = ""
    debug_session: YesNo = False
    depend_on: Texts = ()
    env: TaskEnv = TaskEnv()
    ignore_failure: YesNo = False


class StaticPart(Section):
    ignore_failure: YesNo = False
    env: TaskEnv = TaskEnv()


class DynamicEnv(Section):
    compute_type: Texts = ()
    image: Texts = ()
    variables: Mapping[str, Texts] = {}


class DynamicPart(Section):
    buildspec: Texts = ()
    env: DynamicEnv = DynamicEnv()


class Matrix(Section):
    """A build for each combination of the dynamic part."""

    static: StaticPart = StaticPart()
    dynamic: DynamicPart = DynamicPart()

    def tasks(self) -> Iterator[BatchTask]:
        names, values = tuple(self.dynamic.env.variables), self.dynamic.env.variables.values()
        dimensions = (self.dynamic.buildspec, self.dynamic.env.image, self.dynamic.env.compute_type, *values)
        for number, (buildspec, image, compute, *chosen) in enumerate(
            itertools.product(*(dimension or ("",) for dimension in dimensions))
        ):
            static = self.static.env
            env = static.model_copy(
                update={
                    "image": image or static.image,
                    "compute_type": compute or static.compute_type,
                    "variables": {**static.variables, **dict(zip(names, chosen, strict=True))},
                }
            )
            task = BatchTask(identifier=f"build{number}", buildspec=buildspec, env=env)
            yield task.model_copy(update={"ignore_failure": self.static.ignore_failure})


class _Batch(Section):
    fast_fail: YesNo = False
    build_graph: tuple[BatchTask, ...] = ()
    build_list: tuple[BatchTask, ...] = ()
    build_matrix: Matrix | None = None


class _BatchFile(Section):
    """Other keys than `batch` are of the builds."""

    model_config = ConfigDict(extra="ignore")

    batch: _Batch = Field()


@dataclass(frozen=True)
class Batch:
    """tasks: in the order of the buildspec. fast_fail: the first failure stops the builds that run."""

    tasks: tuple[BatchTask, ...]
    fast_fail: bool


def load(declared: str, source: Path) -> Batch:
    """Read the batch of a project's buildspec. declared: as for a build.

    Raises InvalidBuildspec, and UnsupportedFeature.
    """
    text, name = read_text(declared, source)
    try:
        document, _ = buildspec_yaml.load(text)
    except yaml.YAMLError as error:
        raise InvalidBuildspec(f"{name} is not valid YAML: {error}") from error
    section = document.get("batch") if isinstance(document, dict) else None
    if not isinstance(section, dict):
        raise InvalidBuildspec(
            f"{name}: it has no `batch`, which a batch build needs; allowed in it are {', '.join(KINDS)}"
        )
    if "build-fanout" in section:
        raise UnsupportedFeature(f"{name}: batch: build-fanout is not rehearsed; write its builds as a build-list")
    try:
        batch = _BatchFile.model_validate(document).batch
    except ValidationError as error:
        raise InvalidBuildspec(describe_errors(error, name, _BatchFile)) from error
    kinds = [kind for kind in KINDS if kind in section]
    if len(kinds) != 1:
        raise InvalidBuildspec(f"{name}: batch: got {', '.join(kinds) or 'none'}; one of {', '.join(KINDS)} is allowed")
    tasks = batch.build_graph or batch.build_list or tuple(batch.build_matrix.tasks() if batch.build_matrix else ())
    _check(tasks, name)
    return Batch(tasks, batch.fast_fail)


def check_restrictions(batch: Batch, restrictions: BatchRestrictionsOutputTypeDef, compute_type: str) -> None:
    """Raise InvalidBuildspec where the project does not allow so many builds, or the compute type of one.

    compute_type: the project's, for tasks without one. Source: CodeBuild API reference, "BatchRestrictions".
    """
    most = restrictions.get("maximumBuildsAllowed")
    if most is not None and len(batch.tasks) > int(most):
        raise InvalidBuildspec(f"the batch has {len(batch.tasks)} builds; its project's restrictions allow {most}")
    allowed = restrictions.get("computeTypesAllowed", [])
    for task in batch.tasks:
        used = task.env.compute_type or compute_type
        if allowed and used not in allowed:
            raise InvalidBuildspec(
                f"{task.identifier}: the compute type is {used}; its project's restrictions allow {', '.join(allowed)}"
            )


def _check(tasks: tuple[BatchTask, ...], name: str) -> None:
    """Identifiers are unique, and a graph ends."""
    known: list[str] = []
    for task in tasks:
        if task.identifier in known:
            raise InvalidBuildspec(f"{name}: batch: two tasks have the identifier {task.identifier}")
        known.append(task.identifier)
    unknown = [f"{task.identifier} on {needed}" for task in tasks for needed in task.depend_on if needed not in known]
    if unknown:
        raise InvalidBuildspec(f"{name}: batch: depend-on: {', '.join(unknown)}, which is not a task")
    waiting, ended = list(tasks), set[str]()
    while ready := [task for task in waiting if ended.issuperset(task.depend_on)]:
        ended |= {task.identifier for task in ready}
        waiting = [task for task in waiting if task not in ready]
    if waiting:
        raise InvalidBuildspec(
            f"{name}: batch: depend-on: {', '.join(task.identifier for task in waiting)} wait for each other"
        )
