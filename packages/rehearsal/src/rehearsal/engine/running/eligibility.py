"""Eligibility of executions for rollback, retry and override.

Sources: AWS CodePipeline user guide, "Configuring stage rollback" and "Configuring stage retry for a failed stage or
failed actions"; API reference, "RollbackStage" and "RetryStageExecution".
"""

from __future__ import annotations

from collections.abc import Sequence

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import PARALLEL, SUPERSEDED, Pipeline
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.pipeline import DeployedPipeline

# Source: AWS CodePipeline user guide, "Quotas in AWS CodePipeline": executions of one pipeline that are not SUPERSEDED.
CONCURRENT = 50


def check_concurrency(pipeline: Pipeline, running: int) -> None:
    """Raise RequestRejected where another execution would exceed the quota."""
    if pipeline.execution_mode != SUPERSEDED and running >= CONCURRENT:
        raise RequestRejected(
            "ConcurrentPipelineExecutionsLimitExceededException",
            f"{pipeline.name} has {running} executions; {CONCURRENT} are allowed at a time",
        )


def check_rollback(pipeline: Pipeline, version: int, stage: str, target: Execution) -> None:
    """Raise RequestRejected where `stage` cannot be rolled back to `target`."""
    names = [stage_.name for stage_ in pipeline.stages]
    if stage not in names:
        raise RequestRejected(
            "StageNotFoundException", f"{pipeline.name} has no stage {stage}; there are {', '.join(names)}"
        )
    if stage == names[0]:
        raise _unable(f"{stage} is the source stage, which cannot be rolled back")
    if pipeline.execution_mode == PARALLEL:
        raise _unable(f"{pipeline.name} runs its executions in PARALLEL, which has no rollback")
    if target.origin.rollback_of:
        raise _unable(f"{target.id} is a rollback itself")
    if target.version != version:
        raise RequestRejected(
            "PipelineExecutionOutdatedException",
            f"{target.id} started with version {target.version} of the pipeline; the present one is {version}",
        )
    state = target.stages.get(stage)
    if state is None or state.status != "Succeeded":
        raise _unable(f"{target.id} did not succeed in {stage}")


def check_no_rollback(failed: Execution) -> None:
    """Raise RequestRejected where the execution that failed is a rollback."""
    if failed.origin.rollback_of:
        raise _unable(f"{failed.id} is a rollback itself")


def has_succeeded_since(target: Execution, stage: str, executions: Sequence[Execution]) -> bool:
    """Whether an execution that is newer than the target has succeeded in the stage."""
    newer = [execution for execution in executions if execution.number > target.number]
    return any(execution.stages[stage].status == "Succeeded" for execution in newer if stage in execution.stages)


def check_files(target: Execution, *, exist: bool) -> None:
    """Raise RequestRejected where `clean` has removed the artifacts of `target`, with its journal."""
    if not exist:
        raise _unable(f"the artifacts of {target.id} were removed: name a later execution")


def check_files_for_retry(execution: Execution, *, exist: bool) -> None:
    """Raise RequestRejected where `clean` has removed the artifacts of `execution`, with its journal."""
    if not exist:
        raise _not_retryable(f"the artifacts of {execution.id} were removed: start a new execution")


def find_rollback_target(deployed: DeployedPipeline, stage: str, executions: Sequence[Execution]) -> Execution:
    """Return the newest execution that `stage` can be rolled back to. Raises RequestRejected with its reason.

    executions: oldest first, without the one that has failed.
    """
    # Whether the candidate is a rollback -> the error of the newest one; the error of a rollback is the less useful.
    reasons: dict[bool, RequestRejected] = {}
    for candidate in reversed([execution for execution in executions if stage in execution.stages]):
        try:
            check_rollback(deployed.pipeline, deployed.version, stage, candidate)
        except RequestRejected as error:
            reasons.setdefault(candidate.origin.rollback_of is not None, error)
        else:
            return candidate
    raise reasons.get(False) or reasons.get(True) or _unable(f"no execution has succeeded in {stage} yet")


def check_retry(deployed: DeployedPipeline, executions: Sequence[Execution], execution: Execution, stage: str) -> None:
    """Raise RequestRejected where `stage` of `execution` cannot be retried."""
    names = [stage_.name for stage_ in deployed.pipeline.stages]
    if stage not in names:
        raise RequestRejected("StageNotFoundException", f"there is no stage {stage}; there are {', '.join(names)}")
    if execution.running:
        raise RequestRejected("ConflictException", f"{execution.id} is still {execution.status}")
    if execution.version != deployed.version:
        raise _not_retryable(f"the pipeline has changed since {execution.id}, which had version {execution.version}")
    state = execution.stages.get(stage)
    if state is None or state.status not in ("Failed", "Stopped"):
        raise _not_retryable(
            f"{stage} of {execution.id} has not failed: it is {state.status if state else 'not begun'}"
        )
    newer = [other.id for other in executions if other.number > execution.number and stage in other.stages]
    if newer and deployed.pipeline.execution_mode != PARALLEL:
        raise RequestRejected("NotLatestPipelineExecutionException", f"{newer[-1]} has been in {stage} since")


def check_override(
    deployed: DeployedPipeline, executions: Sequence[Execution], execution: Execution, stage: str, kind: str
) -> None:
    """Raise RequestRejected where the conditions of `kind` cannot be overridden."""
    state = execution.stages.get(stage)
    checked = state.conditions.get(kind) if state else None
    overridable = ("InProgress",) if execution.running else ("Failed", "Errored")
    if checked is None or checked.status not in overridable:
        status = checked.status if checked else "not checked"
        raise RequestRejected(
            "ConditionNotOverridableException",
            f"the {kind} conditions of {stage} are {status}; those that are checked or have failed can be overridden",
        )
    if not execution.running:
        try:
            check_retry(deployed, executions, execution, stage)
        except RequestRejected as error:
            code = error.code.replace("StageNotRetryableException", "ConditionNotOverridableException")
            raise RequestRejected(code, str(error)) from error


def _unable(reason: str) -> RequestRejected:
    return RequestRejected("UnableToRollbackStageException", reason)


def _not_retryable(reason: str) -> RequestRejected:
    return RequestRejected("StageNotRetryableException", reason)
