"""The Build/CodeBuild action on the embedded AWS: projects, artifacts, variables and log streams."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from rehearsal.actions.build_sources import unpack_source
from rehearsal.actions.clone_ref import USE_CONNECTION_ACTIONS, CloneRef
from rehearsal.actions.codebuild_project import Project
from rehearsal.codebuild.build_log import read_notes
from rehearsal.codebuild.file_patterns import files
from rehearsal.codebuild.zip_write import zip_files
from rehearsal.engine.action_api import ActionError, Artifact
from tests.codebuild.case import spec
from tests.codebuild.conftest import BUCKET, STORE, Account


def test_a_build_has_inputs_outputs_and_variables(account: Account) -> None:
    """Two sources are input, two secondary artifacts are output, and exported variables become output variables."""
    name = account.project(
        spec(
            'cat one.txt "$CODEBUILD_SRC_DIR_Two/two.txt" > both.txt',
            'SAID="$(cat both.txt | tr -d "\\n")"',
            env={"exported-variables": ["SAID", "CODEBUILD_INITIATOR"]},
            artifacts={
                "secondary-artifacts": {"Out": {"files": ["both.txt"]}, "Extra": {"files": ["one.txt"]}},
            },
        )
    )
    inputs = {"One": account.source("One", **{"one.txt": "1\n"}), "Two": account.source("Two", **{"two.txt": "2\n"})}
    outcome = account.run({"ProjectName": name, "PrimarySource": "One"}, inputs, ("Out", "Extra"))
    assert (outcome.failed, outcome.summary) == (False, "build 1 succeeded")
    assert outcome.external_id.startswith(f"{name}:")
    assert outcome.variables == {"SAID": "12", "CODEBUILD_INITIATOR": "codepipeline/tiny"}
    keys = [outcome.outputs[output].key for output in ("Out", "Extra")]
    sizes = [account.client("s3").head_object(Bucket=BUCKET, Key=key)["ContentLength"] for key in keys]
    assert all(sizes)


def test_a_failed_build_fails_the_action_with_its_reason_and_its_tests(account: Account) -> None:
    """The summary has the phase, the command, its exit status and the failed tests; no output artifact exists."""
    report = '<testsuite><testcase name="red"><failure/></testcase></testsuite>'
    name = account.project(
        spec("exit 3", reports={"unit": {"files": ["*.xml"]}}, artifacts={"files": ["report.xml"]}),
    )
    outcome = account.run({"ProjectName": name}, {"In": account.source("In", **{"report.xml": report})}, ("Out",))
    assert outcome.failed
    assert outcome.summary == (
        "build FAILED: BUILD: Error while executing command: exit 3. Reason: exit status 3;"
        " unit: 0 passed, 1 failed, 0 skipped: red"
    )
    assert outcome.outputs == {}


def test_a_stopped_build_fails_the_action(account: Account) -> None:
    """Stopping the execution stops its build immediately and fails the action."""
    name = account.project(spec("sleep 60"))
    account.stop.set()
    outcome = account.run({"ProjectName": name}, {"In": account.source("In", a="a")})
    assert (outcome.failed, outcome.summary) == (True, "build STOPPED: BUILD: the build was stopped")


@pytest.mark.parametrize(
    ("logs", "group", "prefix"),
    [
        pytest.param({}, "/aws/codebuild/{project}", "", id="nothing said"),
        pytest.param(
            {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": "builds", "StreamName": "of/tests"}},
            "builds",
            "of/tests/",
            id="a group and a prefix",
        ),
    ],
)
def test_the_log_stream_equals_the_log_file(logs: dict[str, Any], group: str, prefix: str, account: Account) -> None:
    """The project's log stream has every line of the build in order; an empty line becomes a space."""
    name = account.project(spec('echo "$CODEBUILD_LOG_PATH"', "echo", "seq 3000"), LogsConfig=logs)
    task = account.task({"ProjectName": name}, {"In": account.source("In", a="a")})
    assert not account.runner().run(task).failed
    lines = task.log.read_text().splitlines()
    identifier = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    stream = next(line for line in lines if re.fullmatch(prefix + identifier, line))
    logged = account.client("logs")
    events: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = logged.get_log_events(
            logGroupName=group.format(project=name), logStreamName=stream, startFromHead=True, **token
        )
        if not page["events"]:
            break
        events += [event["message"] for event in page["events"]]
        token = {"nextToken": page["nextForwardToken"]}
    assert events == [line or " " for line in lines]


def test_a_project_without_cloudwatch_logs_writes_none(account: Account) -> None:
    """If CloudWatch Logs are disabled in the project, its builds create no log group."""
    name = account.project(spec("true"), LogsConfig={"CloudWatchLogs": {"Status": "DISABLED"}})
    account.run({"ProjectName": name}, {"In": account.source("In", a="a")})
    groups = account.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/codebuild/{name}")["logGroups"]
    assert groups == []


def test_builds_of_a_project_are_counted(account: Account) -> None:
    """Build numbers of a project start at 1."""
    name = account.project(spec("true"))
    source = {"In": account.source("In", a="a")}
    summaries = [account.run({"ProjectName": name}, source).summary for _ in range(2)]
    assert summaries == ["build 1 succeeded", "build 2 succeeded"]


def test_the_project_keeps_its_cache_between_builds(account: Account) -> None:
    """A build of a project with a local cache finds the cached paths of the previous build."""
    name = account.project(
        spec(
            'cat "$HOME/.kept/file" || true',
            'mkdir -p "$HOME/.kept"; echo kept > "$HOME/.kept/file"',
            cache={"paths": ["~/.kept/**/*"]},
        ),
        Cache={"Type": "LOCAL", "Modes": ["LOCAL_CUSTOM_CACHE"]},
    )
    source = {"In": account.source("In", a="a")}
    for _ in range(2):
        account.run({"ProjectName": name}, source)
    assert account.notes.count("kept") == 1


def test_an_output_that_the_buildspec_does_not_make_is_an_error(account: Account) -> None:
    """The error names the missing artifact and the artifacts that the build created."""
    name = account.project(spec("true", artifacts={"secondary-artifacts": {"Made": {"files": ["a"]}}}))
    with pytest.raises(ActionError, match="made no artifact Out; it made Made"):
        account.run({"ProjectName": name}, {"In": account.source("In", a="a")}, ("Out",))


def test_several_outputs_need_secondary_artifacts(account: Account) -> None:
    """Several output artifacts each need a secondary artifact of their name; a single one gets the primary artifact."""
    made = {"files": ["a"], "secondary-artifacts": {"Extra": {"files": ["a"]}}}
    name, source = account.project(spec("true", artifacts=made)), {"In": account.source("In", a="a")}
    with pytest.raises(ActionError, match="each needs a secondary artifact of its name"):
        account.run({"ProjectName": name}, source, ("Out", "Extra"))
    assert list(account.run({"ProjectName": name}, source, ("Out",)).outputs) == ["Out"]


def test_a_build_knows_the_revision_of_its_primary_source(account: Account) -> None:
    """CODEBUILD_RESOLVED_SOURCE_VERSION is the primary source's revision, whatever the order of the sources."""
    name = account.project(spec("true", env={"exported-variables": ["CODEBUILD_RESOLVED_SOURCE_VERSION"]}))
    inputs = {name_: replace(account.source(name_, a="a"), revision=f"rev-of-{name_}") for name_ in ("B", "A")}
    outcome = account.run({"ProjectName": name, "PrimarySource": "A"}, inputs)
    assert outcome.variables == {"CODEBUILD_RESOLVED_SOURCE_VERSION": "rev-of-A"}


def test_builds_of_one_artifact_have_separate_files(account: Account) -> None:
    """A build's changes do not affect the next build of the same artifact: contents, modes and links are as pushed."""
    base = account.folder / "base"
    base.mkdir()
    for name, mode in (("run", 0o755), ("gone", 0o644)):
        (base / name).write_text("as pushed")
        (base / name).chmod(mode)
    (base / "link").symlink_to("run")
    zip_files(files(base, ["**/*"], {}), account.folder / "source.zip", links=True)
    account.client("s3").put_object(
        Bucket=BUCKET, Key="pipeline/In/own", Body=(account.folder / "source.zip").read_bytes()
    )
    look = "ls -A && stat -c %a run && readlink link && cat link"
    change = "echo changed > run && chmod 600 run && rm gone && touch new && rm link"
    name = account.project(spec(f'SAID="$({look})"', change, env={"exported-variables": ["SAID"]}))
    inputs = {"In": Artifact(STORE, "pipeline/In/own")}
    said = [account.run({"ProjectName": name}, inputs).variables["SAID"].split("\n") for _ in range(2)]
    assert said == [["gone", "link", "run", "755", "run", "as pushed"]] * 2
    assert len([*(account.folder / "shared").iterdir()]) == 1


def test_a_clone_needs_the_permission_of_the_projects_role(account: Account) -> None:
    """CodeBuild clones with the project's role: it, and not the pipeline's role, needs UseConnection."""
    name = account.project(spec("true"))
    zip_file = account.folder / "reference.zip"
    CloneRef(
        "0" * 40, "main", USE_CONNECTION_ACTIONS, "arn:aws:codeconnections:eu-west-1:111111111111:connection/c"
    ).write(zip_file)
    account.client("s3").put_object(Bucket=BUCKET, Key="pipeline/In/reference.zip", Body=zip_file.read_bytes())
    source = Artifact(STORE, "pipeline/In/reference.zip")
    asked: list[tuple[str, ...]] = []

    def refuse(role_arn: str, *actions: str, resource: str, keys: Mapping[str, str] = MappingProxyType({})) -> None:
        asked.append((role_arn.rpartition("/")[2], *actions))
        raise ActionError("denied", "PermissionError")

    task = replace(account.task({"ProjectName": name}, {"In": source}), check_permission=refuse, role_arn="any")
    with pytest.raises(ActionError, match="denied"):
        unpack_source(task, Project.of_action(task), zip_file, account.folder / "code", account.remotes)
    assert asked == [("build", *USE_CONNECTION_ACTIONS)]


def test_a_linked_node_modules_is_reported(account: Account) -> None:
    """A locally cached node_modules is reported: CodeBuild links it, and Node resolves links differently."""
    found = "ls node_modules >/dev/null 2>&1; mkdir -p node_modules; test ! -L node_modules"
    buildspec = spec(found, cache={"paths": ["node_modules/**/*", "other/**/*"]})
    logs = []
    for cache in ({"Type": "LOCAL", "Modes": ["LOCAL_CUSTOM_CACHE"]}, {"Type": "S3", "Location": "bucket/cache"}):
        name = account.project(buildspec, Cache=cache)
        task = account.task({"ProjectName": name}, {"In": account.source("In", a="a")})
        assert not account.runner().run(task).failed
        logs.append(read_notes(task.log))
    linked = "cache.paths node_modules/**/*: with a local cache CodeBuild makes node_modules a symbolic link"
    assert [note.startswith(linked) for note in logs[0]] == [True]
    assert logs[1] == []
