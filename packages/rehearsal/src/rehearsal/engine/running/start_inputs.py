"""The inputs of an execution: variables, revisions, and the first event of its journal."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Unpack, cast

from rehearsal.engine.errors import RequestRejected
from rehearsal.engine.model.definition import Declaration, Pipeline
from rehearsal.engine.state.events import EventFields
from rehearsal.engine.state.execution import Execution
from rehearsal.engine.state.pipeline import DeployedPipeline

# Source action -> revision type (COMMIT_ID, S3_OBJECT_KEY, ...) -> revision, as in the API's SourceRevisionOverride.
Revisions = Mapping[str, Mapping[str, str]]
SHOWN_CHANGES = 40  # lines of the difference of two definitions


def resolve_pipeline_variables(pipeline: Pipeline, requested: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every pipeline variable: the requested value, else the default.

    Raises RequestRejected for a name that the pipeline does not declare, and for a variable without a value.
    Source: AWS CodePipeline user guide, "Variables reference", pipeline-level variables.
    """
    unknown = sorted(set(requested) - set(pipeline.variables))
    if unknown:
        known = ", ".join(sorted(pipeline.variables)) or "none"
        raise RequestRejected(
            "ValidationException", f"{pipeline.name} has no variable {', '.join(unknown)}; there are {known}"
        )
    values = {name: requested.get(name, default) for name, default in pipeline.variables.items()}
    missing = sorted(name for name, value in values.items() if value is None)
    if missing:
        raise RequestRejected(
            "ValidationException", f"{pipeline.name}: {', '.join(missing)} has no default: give it a value"
        )
    return {name: value for name, value in values.items() if value is not None}


def restart_inputs(pipeline: Pipeline, execution: Execution) -> tuple[Mapping[str, str], Revisions]:
    """Return the variables and revisions that `execution` was started with, as far as `pipeline` declares them."""
    defaults, sources = execution.pipeline.variables, {action.name for action in pipeline.stages[0].actions}
    variables = {
        name: value
        for name, value in execution.variables.get("variables", {}).items()
        if name in pipeline.variables and value != defaults.get(name)
    }
    requested = execution.origin.requested_revisions
    return variables, {name: revisions for name, revisions in requested.items() if name in sources}


def describe_start(deployed: DeployedPipeline, id_: str, number: int, /, **origin: Unpack[EventFields]) -> EventFields:
    """Return the fields of `execution-started`. They list all stages and actions, so that views need no definition."""
    variables = cast("Mapping[str, Mapping[str, str]]", origin.get("variables", {}))
    fields: EventFields = {
        "execution": id_,
        "pipeline": deployed.key.name,
        "pipeline_id": deployed.id,
        "account": deployed.key.account,
        "region": deployed.key.region,
        "version": deployed.version,
        "number": number,
        "mode": deployed.pipeline.execution_mode,
        "stages": [
            {
                "name": stage.name,
                "actions": [{"name": action.name, "provider": str(action.type)} for action in stage.actions],
            }
            for stage in deployed.pipeline.stages
        ],
        "restart_of": None,
        "rollback_of": None,
        "only": "",
        **origin,
    }
    fields["variables"] = {**variables, "codepipeline": {"PipelineExecutionId": id_}}
    return fields


def describe_definition_change(before: Declaration, after: Declaration, journal: str) -> str:
    """Describe the difference of two definitions that were synthesized from one revision.

    journal: the name of the pipeline's journal, which has both definitions.
    """
    changes = list(
        difflib.unified_diff(_json_lines(before), _json_lines(after), "first synth", "second synth", lineterm="", n=1)
    )
    why = "the pipeline changed itself twice without a new push: synth gives another definition each time it runs."
    lines = [why, *changes[:SHOWN_CHANGES]]
    if (more := len(changes) - SHOWN_CHANGES) > 0:
        lines.append(
            f"{more} more lines: {journal} in .rehearsal has both definitions, as the last two pipeline-updated"
        )
    return "\n".join(lines)


def _json_lines(declaration: Declaration) -> list[str]:
    """Return the declaration as lines of JSON, without its version, which each update changes."""
    synthesized = {name: value for name, value in declaration.items() if name != "version"}
    return json.dumps(synthesized, indent=2, sort_keys=True).splitlines()
