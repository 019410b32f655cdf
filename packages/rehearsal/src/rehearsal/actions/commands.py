"""Compute/Commands and Rule/Commands: shell commands in a build that CodePipeline manages, with the action's role.

Sources: AWS CodePipeline user guide, "Commands action reference", and "Commands" in the rule structure reference.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from rehearsal.actions.action_builds import ActionBuilds, BuildServices
from rehearsal.actions.codebuild import run_build_action
from rehearsal.actions.codebuild_project import NO_ARTIFACTS, Project, variables
from rehearsal.codebuild.model import Build, TestReport
from rehearsal.engine.action_api import ActionError, Outcome, Task
from rehearsal.host.cancellation import Cancellation
from rehearsal.json_values import JsonObject

RULE_MINUTES, ACTION_MINUTES = 60, 55


class _Unlisted:
    """A store that keeps nothing: CodePipeline's builds are not visible in the account's API."""

    def begin(self, build: Build) -> Cancellation:  # noqa: ARG002 - StopBuild cannot name this build
        return Cancellation()

    def put(self, build: Build, record: JsonObject) -> None:
        pass

    def begin_batch(self, arn: str) -> Cancellation:  # noqa: ARG002 - Commands have no batches
        return Cancellation()

    def put_batch(self, record: JsonObject) -> None: ...

    def put_reports(self, build: Build, reports: Sequence[TestReport]) -> list[str]:  # noqa: ARG002 - as above
        return []

    def end(self, build: Build) -> None:
        pass


class RunCommands:
    """Runs the commands of an action or rule; the first failed command ends and fails it."""

    def __init__(self, services: BuildServices) -> None:
        self._services = replace(services, builds=_Unlisted())

    def run(self, task: Task) -> Outcome:
        if not task.action.commands:
            raise ActionError(f"{task.where}: Commands needs commands: a list of shell commands, each one line")
        return run_build_action(ActionBuilds(self._services, task, _managed(task), task.credentials()))


def _managed(task: Task) -> Project:
    """The settings of the managed build, in the form of a project."""
    name = f"{task.pipeline.name}-{task.stage}-{task.action.name}"
    action = task.action
    spec: dict[str, object] = {"version": "0.2", "phases": {"build": {"commands": list(action.commands)}}}
    if action.output_variables:
        spec["env"] = {"exported-variables": list(action.output_variables)}
    if action.outputs:
        spec["artifacts"] = {"files": list(action.output_files.get(action.outputs[0], ())) or ["**/*"]}
    return Project(
        name=name,
        account=task.pipeline.account,
        region=task.region,
        role_arn=task.role_arn,
        buildspec=json.dumps(spec),
        image="",
        variables=tuple(variables(action.environment)),
        timeout_minutes=RULE_MINUTES if action.is_rule else ACTION_MINUTES,
        queued_minutes=RULE_MINUTES,
        key_arn="",
        log_group=f"/aws/codepipeline/{task.pipeline.name}",
        log_prefix=name,
        cached=False,
        about={},
        artifacts=NO_ARTIFACTS,
    )
