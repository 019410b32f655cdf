"""Deploy/CodeDeploy: a deployment of a Lambda function, with the AppSpec of the input artifact.

Source: AWS CodePipeline user guide, "CodeDeploy deploy action reference"; AWS CodeDeploy user guide, "AppSpec file
structure for AWS Lambda deployments".
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from rehearsal.actions.artifact_files import read
from rehearsal.actions.artifacts import download
from rehearsal.actions.aws_errors import action_error
from rehearsal.engine.action_api import ActionError, Outcome, Task
from rehearsal.host.changes import Changes

if TYPE_CHECKING:
    from types_boto3_codedeploy import CodeDeployClient
    from types_boto3_codedeploy.type_defs import RevisionLocationTypeDef

APP_SPECS = ("appspec.yml", "appspec.yaml", "appspec.json")
ENDED = ("Succeeded", "Failed", "Stopped")


class DeployByCodeDeploy:
    """Creates a deployment with the action's role, and waits for its end.

    changes: notified when a deployment has ended.
    """

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def run(self, task: Task) -> Outcome:
        application, group = task.setting("ApplicationName"), task.setting("DeploymentGroupName")
        if len(task.action.inputs) != 1:
            raise ActionError(f"{task.where}: it takes one input artifact; it has {len(task.action.inputs)}")
        api: CodeDeployClient = task.endpoint.client("codedeploy", task.credentials(), task.region)
        revision: RevisionLocationTypeDef = {
            "revisionType": "AppSpecContent",
            "appSpecContent": {"content": _app_spec(task)},
        }
        try:
            id_ = api.create_deployment(applicationName=application, deploymentGroupName=group, revision=revision)[
                "deploymentId"
            ]
            return self._outcome(task, api, id_)
        except ClientError as error:
            raise action_error(f"{task.where}: {error}", error) from error

    def _outcome(self, task: Task, api: CodeDeployClient, id_: str) -> Outcome:
        """Wait for the end; a stopped action stops the deployment."""
        for _ in self._changes.moments(task.stop):
            deployment = api.get_deployment(deploymentId=id_)["deploymentInfo"]
            if deployment["status"] in ENDED:
                message = deployment.get("errorInformation", {}).get("message", "")
                summary = f"deployment {id_} {deployment['status']}" + (f": {message}" if message else "")
                return Outcome(failed=deployment["status"] != "Succeeded", summary=summary, external_id=id_)
            task.note(f"deployment {id_} is {deployment['status']}")
        api.stop_deployment(deploymentId=id_, autoRollbackEnabled=True)
        return Outcome(failed=True, summary=f"stopped, and deployment {id_} with it", external_id=id_)


def _app_spec(task: Task) -> str:
    """Return the text of the AppSpec file in the input artifact. Raises ActionError."""
    name = task.action.inputs[0]
    zip_file = task.folder / f"{name}.zip"
    download(task, name, task.credentials(), zip_file)
    try:
        with zipfile.ZipFile(zip_file) as archive:
            members = {*archive.namelist()}
    except zipfile.BadZipFile as error:
        raise ActionError(f"{task.where}: the input artifact {name} is not a zip file: {error}") from error
    for file in APP_SPECS:
        if file in members:
            return read(task, f"{name}::{file}")
    raise ActionError(f"{task.where}: the artifact {name} has no {', '.join(APP_SPECS[:-1])} or {APP_SPECS[-1]}")
