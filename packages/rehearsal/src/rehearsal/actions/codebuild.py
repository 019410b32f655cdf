"""Build/CodeBuild and Test/CodeBuild: run the project's buildspec with the project's role.

Source: AWS CodePipeline user guide, "AWS CodeBuild build and test action reference".
"""

from __future__ import annotations

from rehearsal.actions import batch_artifacts
from rehearsal.actions.action_builds import ActionBuilds, BuildServices
from rehearsal.actions.artifacts import upload
from rehearsal.actions.codebuild_batch import run_batch_action
from rehearsal.actions.codebuild_project import SERVICE, Project
from rehearsal.codebuild.model import Build, BuildResult
from rehearsal.engine.action_api import ActionError, Artifact, Outcome, Task


class RunBuild:
    """Runs the build of an action, or the batch of builds where it has BatchEnabled."""

    def __init__(self, services: BuildServices) -> None:
        self._services = services

    def run(self, task: Task) -> Outcome:
        project, is_batch = Project.of_action(task), batch_artifacts.is_batch(task)
        for operation in ("StartBuildBatch", "BatchGetBuildBatches") if is_batch else ("StartBuild", "BatchGetBuilds"):
            task.require(f"codebuild:{operation}", resource=project.arn)
        credentials = task.assume(project.role_arn, SERVICE, "AWSCodeBuild")
        builds = ActionBuilds(self._services, task, project, credentials)
        return run_batch_action(builds) if is_batch else run_build_action(builds)


def run_build_action(builds: ActionBuilds) -> Outcome:
    """Run one build; return the outcome of the action. Raises ActionError."""
    build = builds.new_build()
    builds.task.identify(build.id)
    result = builds.run(build)
    summary = "; ".join([_ending(build, result), *(report.summary() for report in result.reports)])
    if result.status != "SUCCEEDED":
        return Outcome(failed=True, summary=summary, external_id=build.id)
    outputs, exported = _upload_outputs(builds, result), dict(result.exported)
    return Outcome(failed=False, summary=summary, variables=exported, outputs=outputs, external_id=build.id)


def _ending(build: Build, result: BuildResult) -> str:
    if result.status != "SUCCEEDED":
        return f"build {result.status}: {result.message}"
    return f"build {build.number} succeeded" + (f" after {result.retries} retries" if result.retries else "")


def _upload_outputs(builds: ActionBuilds, result: BuildResult) -> dict[str, Artifact]:
    """Upload the action's output artifacts: the buildspec's artifacts of these names.

    A single output artifact may also be the buildspec's primary artifact.
    """
    task = builds.task
    outputs, is_single = {}, len(task.action.outputs) == 1
    for name in task.action.outputs:
        zip_file = result.artifacts.get(name) or (result.artifacts.get("") if is_single else None)
        if zip_file is None:
            made = ", ".join(artifact or "the primary one" for artifact in result.artifacts) or "none"
            hint = "" if is_single else "; of several output artifacts each needs a secondary artifact of its name"
            raise ActionError(f"{task.where}: the buildspec made no artifact {name}; it made {made}{hint}")
        outputs[name] = upload(task, name, builds.credentials, zip_file)
    return outputs
