"""The measurement of public pipelines: selection, attempts, and the report."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench.pipelines import __main__ as command
from bench.pipelines.attempt import Attempt, Pipeline, attempt, first_error, requirement_files
from bench.pipelines.causes import CAUSES, cause
from bench.pipelines.first_deployment import FirstDeployment
from bench.pipelines.qualify import Clone
from bench.pipelines.report import markdown
from rehearsal.project.configuration import read_config
from tests.root import ROOT

ACCOUNT, REGION = "111111111111", "us-east-1"
UNKNOWN = "AWS::Chatbot::SlackChannelConfiguration"
STACK = "new pipelines.CodePipeline(this, 'Pipeline')"
APP = """
import json, os, pathlib
out = pathlib.Path(os.environ["CDK_OUTDIR"])
out.mkdir(exist_ok=True)
for name in ("manifest.json", "tiny.template.json"):
    (out / name).write_text(pathlib.Path(name).read_text())
"""


def _role(service: str) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policies = [{"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": [everything]}}]
    assume = {"Version": "2012-10-17", "Statement": [trust]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": assume, "Policies": policies}}


def _action(name: str, category: str, provider: str, configuration: dict[str, Any], **artifacts: Any) -> dict[str, Any]:
    kind = {"Category": category, "Provider": provider, "Owner": "AWS", "Version": "1"}
    return {
        "Name": name,
        "Actions": [{"Name": name, "ActionTypeId": kind, "Configuration": configuration, **artifacts}],
    }


def _template() -> dict[str, Any]:
    connection = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/tiny"
    source = {"ConnectionArn": connection, "FullRepositoryId": "owner/tiny", "BranchName": "main"}
    stages = [
        _action("Source", "Source", "CodeStarSourceConnection", source, OutputArtifacts=[{"Name": "Code"}]),
        _action("Build", "Build", "CodeBuild", {"ProjectName": {"Ref": "Project"}}, InputArtifacts=[{"Name": "Code"}]),
    ]
    project = {
        "ServiceRole": {"Fn::GetAtt": ["BuildRole", "Arn"]},
        "Source": {
            "Type": "CODEPIPELINE",
            "BuildSpec": '{"version": "0.2", "phases": {"build": {"commands": ["true"]}}}',
        },
        "Artifacts": {"Type": "CODEPIPELINE"},
        "Environment": {
            "Type": "LINUX_CONTAINER",
            "ComputeType": "BUILD_GENERAL1_SMALL",
            "Image": "aws/codebuild/standard:7.0",
        },
    }
    pipeline = {
        "RoleArn": {"Fn::GetAtt": ["PipelineRole", "Arn"]},
        "ArtifactStore": {"Type": "S3", "Location": {"Ref": "Bucket"}},
        "Stages": stages,
    }
    return {
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "PipelineRole": _role("codepipeline"),
            "BuildRole": _role("codebuild"),
            "Project": {"Type": "AWS::CodeBuild::Project", "Properties": project},
            "Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": pipeline},
            "Chat": {"Type": UNKNOWN, "Properties": {"ConfigurationName": "chat"}},
        }
    }


@pytest.fixture
def tiny(tmp_path: Path) -> Pipeline:
    """A repository in a folder `clones`: a pipeline of two stages, with a resource type that is not rehearsed."""
    folder = tmp_path / "clones" / "owner+tiny"
    folder.mkdir(parents=True)
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{ACCOUNT}/{REGION}",
        "properties": {"templateFile": "tiny.template.json"},
    }
    (folder / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": {"tiny": stack}}))
    (folder / "tiny.template.json").write_text(json.dumps(_template()))
    (folder / "app.py").write_text(APP)
    (folder / "cdk.json").write_text(json.dumps({"app": "python3 app.py"}))
    git = ["git", "-C", str(folder), "-c", "user.name=test", "-c", "user.email=test@localhost"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "tiny"]):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    return Pipeline("owner/tiny", head)


@pytest.mark.slow
def test_an_attempt_runs_a_pipeline_with_what_its_first_message_accepts(tiny: Pipeline, tmp_path: Path) -> None:
    """An attempt clones and runs the pipeline, and runs it again with the --accept option of the first error."""
    found = attempt(tiny, str(tmp_path / "clones"), tmp_path / "scratch", limit=300)
    assert (found.status, found.executed, found.declared) == ("Succeeded", 2, 2), found
    assert found.accepted == (UNKNOWN,)
    assert found.error == ""


def test_a_commit_that_is_not_there_is_reported(tmp_path: Path) -> None:
    """A missing commit is reported as an attempt that was not prepared."""
    found = attempt(Pipeline("owner/none", "0" * 40), str(tmp_path), tmp_path / "scratch")
    assert (found.status, found.executed) == ("not prepared", 0)
    assert "owner/none" in found.error


def test_requirements_are_those_that_name_cdk(tmp_path: Path) -> None:
    """The requirements are requirements.txt, and another file if only that one has CDK."""
    assert requirement_files(tmp_path) == []
    (tmp_path / "requirements.txt").write_text("requests\n")
    (tmp_path / "requirements-dev.txt").write_text("aws-cdk-lib>=2.130.0\n")
    names = [path.name for path in requirement_files(tmp_path)]
    assert names == ["requirements.txt", "requirements-dev.txt"]
    (tmp_path / "requirements.txt").write_text("aws-cdk-lib\n")
    assert [path.name for path in requirement_files(tmp_path)] == ["requirements.txt"]


def test_the_settings_of_the_first_deployment_are_read(tmp_path: Path) -> None:
    """The column `deploy` has variables, options of `run` and settings of rehearsal.toml; a dash means none."""
    path = tmp_path / "list.tsv"
    head = "repository\tcommit\tfolder"
    deploy = 'USE_IT=true X=1 --app "python -m app" --pipeline Dev --account 222222222222 --context a=b=c'
    path.write_text(f"{head}\tdeploy\na/b\t0\t.\t{deploy}\nc/d\t0\t.\t-\n")
    first, second = [pipeline.deploy for pipeline in command.read_list(path)]
    assert first.variables == {"USE_IT": "true", "X": "1"}
    assert first.options == ["--app", "python -m app", "--pipeline", "Dev"]
    first.write_settings(tmp_path)
    config = read_config(tmp_path)
    assert (config.account, config.region, config.context) == ("222222222222", REGION, {"a": "b=c"})
    assert second == FirstDeployment()
    path.write_text(f"{head}\na/b\t0\t.\n")
    assert command.read_list(path)[0].deploy == FirstDeployment()


def test_the_list_has_49_pipelines_as_the_rule_says() -> None:
    """The list has thirty pipelines of all languages, twelve of Python and seven of TypeScript, each once."""
    lines = [line.split("\t") for line in command.LIST.read_text().splitlines()[1:]]
    pipelines = command.read_list()
    first, more, last = (Counter(line[2] for line in part) for part in (lines[:30], lines[30:42], lines[42:]))
    assert len({pipeline.repository for pipeline in pipelines}) == 49
    assert first["TypeScript"] >= 18
    assert first["Python"] >= 8
    assert more == {"Python": 12}
    assert last == {"TypeScript": 7}
    assert {len(pipeline.commit) for pipeline in pipelines} == {40}
    page = (ROOT / "packages/rehearsal/docs/fidelity/public-pipelines.md").read_text()
    assert [pipeline.repository for pipeline in pipelines if f"/{pipeline.repository})" in page] == []


def clone(folder: Path, stack: str, declared: str = "2.100.0", app: str = "cdk.json") -> Clone:
    """Return a repository with one stack."""
    (folder / app).parent.mkdir(parents=True, exist_ok=True)
    (folder / app).write_text("{}")
    (folder / "package.json").write_text(json.dumps({"dependencies": {"aws-cdk-lib": declared} if declared else {}}))
    (folder / "stack.ts").write_text(stack)
    for words in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return Clone(folder)


@pytest.mark.parametrize(
    ("stack", "why"),
    [
        ("new Stack(app)", "no pipeline is constructed"),
        (f"{STACK}; ec2.Vpc.fromLookup(this)", "a look-up: .fromLookup"),
        (f"{STACK}; route53.HostedZone.fromX()", "a hosted zone or certificate: HostedZone"),
        (f"{STACK}; ssm.StringParameter.valueFromLookup(this)", "an SSM parameter: valueFromLookup"),
        (f"{STACK}; SecretValue.secretsManager('database')", "a secret: database"),
        (f"{STACK}; // codeartifact login", "a private registry: codeartifact"),
    ],
)
def test_a_pipeline_that_needs_account_data_does_not_qualify(tmp_path: Path, stack: str, why: str) -> None:
    """Each kind of account data disqualifies a pipeline; the token of a GitHub source does not."""
    assert [*clone(tmp_path, stack).refusals()] == [why]
    (tmp_path / "stack.ts").write_text(f"{STACK}; SecretValue.secretsManager('github-token')")
    fresh = Clone(tmp_path)
    assert [*fresh.refusals()] == []
    assert (fresh.language, fresh.cdk_version) == ("TypeScript", "2.100.0")


@pytest.mark.parametrize(
    ("stack", "why"),
    [
        ("lambda.DockerImageFunction(this)", "an image: DockerImageFunction"),
        ("commands: ['docker build .']", "an image: docker build"),
        ("lambda.Runtime.NODEJS_14_X", "a retired runtime: Runtime.NODEJS_14_X"),
        ("Runtime.PYTHON_3_7", "a retired runtime: Runtime.PYTHON_3_7"),
        ("commands: ['curl -s https://get.example.com']", "another registry or host: curl -s https://g"),
        ("commands: ['apt-get install jq']", "another registry or host: apt-get install"),
    ],
)
def test_a_pipeline_that_cannot_be_judged_is_excluded(tmp_path: Path, stack: str, why: str) -> None:
    """Images, retired runtimes and other hosts exclude a pipeline; supported runtimes and npm do not."""
    (tmp_path / "package-lock.json").write_text("{}")
    assert [*clone(tmp_path, f"{STACK}; {stack}").unjudged()] == [why]
    (tmp_path / "stack.ts").write_text(f"{STACK}; Runtime.NODEJS_20_X; 'npm install; curl https://$API/'")
    assert [*Clone(tmp_path).unjudged()] == []
    (tmp_path / "package-lock.json").unlink()
    assert [*Clone(tmp_path).unjudged()] == ["package.json without a lock of npm"]


def test_a_repository_without_cdk_v2_or_app_does_not_qualify(tmp_path: Path) -> None:
    """A repository with CDK v1, or with a cdk.json in a deep folder, does not qualify."""
    assert [*clone(tmp_path / "v1", STACK, declared="").refusals()] == ["aws-cdk-lib is not declared"]
    assert [*clone(tmp_path / "deep", STACK, app="a/b/c/cdk.json").refusals()] == ["no cdk.json"]


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("fine\nBuild/Synth failed: exit 1\nthe whole log: x", "Build/Synth failed: exit 1"),
        ("Build/Synth: Failed in 2 s: build FAILED: exit 1\nBuild/Synth failed: no A", "Build/Synth failed: no A"),
        ("only this\n\n", "only this"),
        ("rehearsal: no A\n`run --accept A::B::C`", "rehearsal: no A --accept A::B::C"),
    ],
)
def test_the_first_error_is_one_line(output: str, line: str) -> None:
    """The first error is the line with the cause, with every --accept option of the output."""
    assert first_error(output) == line


def test_each_error_has_a_cause() -> None:
    """An error's cause is its first matching pattern, or `other`."""
    assert cause("Unrecognized resource types: [AWS::X::Y]") == "unknown resource type"
    assert cause("Cannot connect to the Docker daemon") == "docker"
    assert cause("something new") == "other"
    assert cause("") == ""
    assert len(CAUSES) == len({*CAUSES.values()})


def test_the_table_has_a_row_for_each_attempt_and_a_summary() -> None:
    """The table has a row for each attempt with escaped pipes, and a summary."""
    attempts = [
        Attempt(Pipeline("a/b", "0" * 40), "Succeeded", 5, 5, 60.0),
        Attempt(Pipeline("c/d", "0" * 40), "Failed", 1, 5, 7.0, ("X",), "docker | no"),
    ]
    table = markdown(attempts).splitlines()
    assert table[2] == "| a/b | Succeeded | 5 / 5 | 60 | - | - | - |"
    assert table[3] == "| c/d | Failed | 1 / 5 | 7 | X | docker | docker \\| no |"
    assert table[-1] == "1 of 2 pipelines ran to the end, 6 of 10 actions (60%) were executed."
