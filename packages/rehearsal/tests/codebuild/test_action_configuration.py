"""The configuration of a Build/CodeBuild action: its variables, its buildspec, and errors in them."""

from __future__ import annotations

import json
import time

import pytest

from rehearsal.codebuild.build_log import read_notes
from rehearsal.engine.action_api import ActionError
from tests.codebuild.case import spec
from tests.codebuild.conftest import Account


def test_variables_of_the_action_win_over_those_of_the_project(account: Account) -> None:
    """Parameters and secrets of the project are resolved, and variables of the action override the project's."""
    account.client("ssm").put_parameter(
        Name="/tests/value", Value="of-a-parameter", Type="SecureString", Overwrite=True
    )
    secret = account.client("secretsmanager").create_secret(
        Name=f"secret-{time.time_ns()}", SecretString='{"password": "hunter2"}'
    )
    name = account.project(
        spec('echo "$PLAIN $PARAMETER" > seen.txt; echo "$SECRET" | tr -d r', artifacts={"files": ["seen.txt"]}),
        Environment={
            "EnvironmentVariables": [
                {"Name": "PLAIN", "Value": "of the project"},
                {"Name": "PARAMETER", "Value": "/tests/value", "Type": "PARAMETER_STORE"},
                {"Name": "SECRET", "Value": f"{secret['Name']}:password", "Type": "SECRETS_MANAGER"},
            ]
        },
    )
    variables = json.dumps([{"name": "PLAIN", "value": "of the action", "type": "PLAINTEXT"}])
    task = account.task({"ProjectName": name, "EnvironmentVariables": variables}, {"In": account.source("In", a="a")})
    outcome = account.runner().run(task)
    seen = (task.folder / "sources" / "In" / "seen.txt").read_text()
    assert not outcome.failed, task.log.read_text()
    assert seen == "of the action of-a-parameter\n"
    assert "hunte2" in task.log.read_text()
    assert "hunter2" not in task.log.read_text()


def test_the_action_may_bring_another_buildspec(account: Account) -> None:
    """BuildspecOverride replaces the project's buildspec for a build."""
    name = account.project(spec("false"))
    source = {"In": account.source("In", **{"other.yml": spec("true")})}
    assert account.run({"ProjectName": name}, source).failed
    assert not account.run({"ProjectName": name, "BuildspecOverride": "other.yml"}, source).failed


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no project": ({"ProjectName": "none"}, "there is no CodeBuild project none in 111111111111/eu-west-1"),
    "variables that are not JSON": ({"EnvironmentVariables": "A=b"}, "EnvironmentVariables: got 'A=b'; a JSON list"),
    "another primary source": ({"PrimarySource": "Other"}, "PrimarySource: got Other; one of its input artifacts"),
    "an unsupported buildspec": ({"BuildspecOverride": "run-as.yml"}, "run-as: got somebody-else"),
}


@pytest.mark.parametrize(("configuration", "message"), WRONG.values(), ids=WRONG)
def test_a_bad_configuration_is_an_error(configuration: dict[str, str], message: str, account: Account) -> None:
    """A bad configuration is an error, not a failed build, and the message names the value read."""
    name = account.project(spec("true"))
    files = {"run-as.yml": "version: 0.2\nrun-as: somebody-else\nphases: {}\n"}
    with pytest.raises(ActionError, match=message):
        account.run({"ProjectName": name, **configuration}, {"In": account.source("In", **files)})


@pytest.mark.parametrize("message", ['Merge "x"', "Merge x\n\nbody"])
def test_a_commit_message_that_breaks_the_variables_is_named_as_the_cause(account: Account, message: str) -> None:
    """A commit message that makes EnvironmentVariables invalid JSON fails the action; the error names this cause."""
    variables = f'[{{"name":"MESSAGE","value":"{message}"}}]'
    with pytest.raises(ActionError, match=r"(?s)got .*Merge.*a commit message with quotes or line breaks") as error:
        account.run(
            {"ProjectName": account.project(spec("true")), "EnvironmentVariables": variables},
            {"In": account.source("In", a="a")},
        )
    assert error.value.code == "ConfigurationError"


def test_a_reference_in_a_projects_variable_is_not_replaced(account: Account) -> None:
    """CodePipeline replaces `#{...}` in an action's configuration only, not in a project's variables."""
    variable = {"Name": "ID", "Value": "#{codepipeline.PipelineExecutionId}"}
    name = account.project(spec('echo "ID is $ID"'), Environment={"EnvironmentVariables": [variable]})
    task = account.task({"ProjectName": name}, {"In": account.source("In", a="a")})
    assert not account.runner().run(task).failed
    assert "ID is #{codepipeline.PipelineExecutionId}" in task.log.read_text()


def test_a_commit_message_in_the_variables_is_reported(account: Account) -> None:
    """A run of the working tree has a harmless commit message, so it reports variables that hold the message."""
    name = account.project(spec("true"))
    notes = []
    for message in ("Working tree on 0123456789ab", "Fix it"):
        variables = json.dumps([{"name": "MESSAGE", "value": message}])
        configuration = {"ProjectName": name, "EnvironmentVariables": variables}
        task = account.task(configuration, {"In": account.source("In", a="a")})
        assert not account.runner().run(task).failed
        notes.append([note.split(":")[0] for note in read_notes(task.log)])
    assert notes == [["EnvironmentVariables holds the commit's message"], []]
