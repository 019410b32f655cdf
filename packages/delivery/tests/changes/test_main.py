"""`python -m cdk_delivery.changes`, run against deployed stacks of the embedded AWS."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import WaiterError
from rehearsal.aws import Endpoint, root
from rehearsal.emulator.server import launcher
from rehearsal.workspace.layout import Workspace

from cdk_delivery.changes.__main__ import main
from cdk_delivery.changes.deployed import CannotCompare, ReaderSessions
from cdk_delivery.changes.reader_role import policy_arn
from cdk_delivery.commands.bootstrap import put_policy
from cdk_delivery.commands.reader import Reader
from tests.waiting import waiting_pipeline

pytestmark = pytest.mark.slow

PIPELINE, PROD, REGION = "111111111111", "333333333333", "eu-west-1"
STAGE = "assembly-Pipeline-Prod"
EXECUTION_ROLE = f"arn:aws:iam::{PROD}:role/cfn-exec"
# The policies in the push's folder, which the account has too.
POLICIES = {
    name: {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": f"{name}:*", "Resource": "*"}]}
    for name in ("boundary", "environment", "reader")
}
CONFIG = '[tool.delivery]\naccess = "access"\npages = { approvals = "pages/approvals.md" }\n'


def template(*actions: str, **queue: Any) -> dict[str, Any]:
    """Return a template with a queue, and a policy that allows these actions on everything."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
    policy = {"ManagedPolicyName": "changed", "PolicyDocument": document}
    return {
        "Metadata": {"DeployedBy": "delivery"},
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": queue},
            "Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": policy},
        },
    }


@dataclass(frozen=True)
class Job:
    """The changes build of one execution, with the variables that the pipeline sets."""

    endpoint: Endpoint
    folder: Path
    environ: Mapping[str, str]

    def client(self, service: str, account: str) -> Any:
        return self.endpoint.client(service, root(account), REGION)

    def deploy(self, name: str, made: Mapping[str, Any]) -> None:
        api = self.client("cloudformation", PROD)
        api.create_stack(StackName=name, TemplateBody=json.dumps(made), Capabilities=["CAPABILITY_NAMED_IAM"])
        api.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})

    def run(self, name: str, wanted: Mapping[str, Any], **environ: str) -> int:
        """Compare the stack with `wanted` and return the exit code. The files are in `folder`/changes."""
        assembly = self.folder / "assembly" / STAGE
        assembly.mkdir(parents=True, exist_ok=True)
        (assembly / "template.json").write_text(json.dumps(wanted))
        properties = {
            "stackName": name,
            "templateFile": "template.json",
            "cloudFormationExecutionRoleArn": EXECUTION_ROLE,
        }
        stack = {"type": "aws:cloudformation:stack", "environment": f"aws://{PROD}/{REGION}", "properties": properties}
        (assembly / "manifest.json").write_text(json.dumps({"artifacts": {"stack": stack}}))
        folders = [str(self.folder / "assembly"), str(self.folder / "changes")]
        return main(folders, {**self.environ, **environ})

    def wrote(self, name: str) -> str:
        return (self.folder / "changes" / name).read_text()


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("aws")
    with launcher.join_or_start(Workspace(folder), iam=False) as running:
        iam = running.client("iam", root(PROD), REGION)
        for name, document in POLICIES.items():
            put_policy(iam, policy_arn(PROD, name), json.dumps(document))
        Reader(PROD, "delivery", PIPELINE).put(iam)
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def execution(endpoint: Endpoint) -> tuple[str, str]:
    """Return an execution that waits for its approval, and the revision of its source."""
    return waiting_pipeline(endpoint, root(PIPELINE), REGION, name="delivery", bucket="source")


@pytest.fixture
def job(endpoint: Endpoint, execution: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A changes build that runs in the root of a project."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(CONFIG)
    (tmp_path / "access").mkdir()
    (tmp_path / "access" / "create_only.json").write_text(json.dumps({"AWS::IAM::ManagedPolicy": ["Description"]}))
    for name, document in POLICIES.items():
        (tmp_path / "access" / f"{name}.json").write_text(json.dumps(document, indent=2))
    for name, value in endpoint.environ(root(PIPELINE), REGION).items():
        monkeypatch.setenv(name, value)
    given = {"ENVIRONMENT": "prod", "STAGE": STAGE, "BROADENING": "red", "PIPELINE": "delivery"}
    return Job(endpoint, tmp_path, {**given, "EXECUTION": execution[0], "TESTED": "5 passed"})


@pytest.mark.gate
@pytest.mark.parametrize("metadata", [{}, {"DeployedBy": "another-delivery"}])
def test_a_stack_of_another_pipeline_is_never_overwritten(
    job: Job, capsys: pytest.CaptureFixture[str], metadata: dict[str, str]
) -> None:
    """A stack that another pipeline deployed is red, whatever the approval and broadening settings are."""
    name = f"Taken{len(metadata)}"
    job.deploy(name, template("sqs:SendMessage") | {"Metadata": metadata})
    assert job.run(name, template("sqs:SendMessage"), BROADENING="asked") == 1
    assert f"{name} is in {PROD}/{REGION} already, and delivery did not deploy it" in capsys.readouterr().err


@pytest.mark.gate
def test_a_stack_that_takes_no_update_is_red_before_it_is_approved(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a failed first creation, the error has the command that deletes the stack."""
    broken = {"Type": "AWS::CodePipeline::Pipeline", "Properties": {"RoleArn": "x", "Stages": []}}
    made = {"Metadata": {"DeployedBy": "delivery"}, "Resources": {"Broken": broken}}
    api = job.client("cloudformation", PROD)
    api.create_stack(StackName="Dead", TemplateBody=json.dumps(made))
    with pytest.raises(WaiterError):
        api.get_waiter("stack_create_complete").wait(StackName="Dead", WaiterConfig={"Delay": 0.1})
    assert job.run("Dead", template("sqs:SendMessage"), BROADENING="asked") == 1
    errors = capsys.readouterr().err
    assert "Dead in 333333333333/eu-west-1 is in ROLLBACK_COMPLETE and takes no update" in errors
    command = "aws cloudformation delete-stack --stack-name Dead --region eu-west-1 --role-arn"
    assert f"`{command} {EXECUTION_ROLE}`" in errors


@pytest.mark.gate
@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_a_push_that_needs_a_bootstrap_is_red(job: Job, policy: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed policy, and one that the account lacks, are red; the message has the bootstrap command."""
    changed = {**POLICIES[policy], "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    (job.folder / "access" / f"{policy}.json").write_text(json.dumps(changed))
    (job.folder / "access" / "environment-2.json").write_text(json.dumps(POLICIES["environment"]))
    assert job.run("New", template("sqs:SendMessage"), BROADENING="asked") == 1
    errors = capsys.readouterr().err
    assert f"delivery-{policy}" in errors
    assert "delivery-environment-2" in errors
    assert "differ from access/ of this push; bootstrap the account first" in errors
    assert f"`delivery bootstrap --only {PROD}/{REGION} --profile {PROD}=PROFILE`" in errors


@pytest.mark.gate
def test_an_account_that_cannot_be_read_is_no_first_deployment(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the reader role the report says that nothing was compared, and is red also with an approval."""

    def refuse(*_: object) -> None:
        raise CannotCompare("the role is missing")

    monkeypatch.setattr(ReaderSessions, "client", refuse)
    assert job.run("New", template("sqs:SendMessage"), BROADENING="asked") == 1
    assert "cannot compare prod with what is deployed: the role is missing; bootstrap" in capsys.readouterr().err
    assert "cannot compare" in job.wrote("changes.md")
    assert "first deployment" not in job.wrote("changes.md") + job.wrote("summary.txt")
    assert json.loads(job.wrote("changes.json"))["cannot_compare"] == "the role is missing"


@pytest.mark.gate
def test_a_broadening_is_red_unless_it_is_approved_or_allowed(
    job: Job, execution: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A broadening is red without an approval; the error has the remedies, and the report's files are written."""
    job.deploy("Broader", template("sqs:SendMessage"))
    wanted = template("sqs:SendMessage", "sqs:PurgeQueue", VisibilityTimeout=5)
    assert job.run("Broader", wanted) == 1
    printed = capsys.readouterr()
    assert "changes: red: IAM or security groups broaden in prod without an approval:" in printed.err
    assert "sqs:PurgeQueue" in printed.err
    assert "`approval` or `allow_broadening` for this environment (pages/approvals.md)" in printed.err
    found = json.loads(job.wrote("changes.json"))
    assert (found["environment"], found["push"]["revision"]) == ("prod", execution[1])
    assert len(found["counted_broadenings"]) == 1
    ((stack),) = found["stacks"]
    changed = {resource["id"]: resource["kind"] for resource in stack["resources"]}
    assert changed == {"Policy": "changed", "Queue": "changed"}
    assert (stack["account"], stack["first"]) == (PROD, False)
    assert job.wrote("changes.md") == printed.out.removesuffix("\n")
    summary = job.wrote("summary.txt")
    assert summary.startswith(f"{execution[1][:8]} ")
    assert "2 changed" in summary
    assert "IAM or security groups broaden in 1 place; " in summary
    assert "tests before: 5 passed" in summary
    for answer in ("asked", "allowed"):
        assert job.run("Broader", wanted, BROADENING=answer) == 0


def test_a_change_that_broadens_nothing_is_green(job: Job) -> None:
    """A changed setting of a queue and a removed permission are green."""
    job.deploy("Narrower", template("sqs:SendMessage", "sqs:PurgeQueue"))
    assert job.run("Narrower", template("sqs:SendMessage", VisibilityTimeout=5)) == 0
    assert json.loads(job.wrote("changes.json"))["counted_broadenings"] == []


def test_a_replaced_resource_is_found_by_the_projects_list(job: Job) -> None:
    """The project's create_only.json decides which changed property replaces a resource."""
    deployed, wanted = template("sqs:SendMessage"), template("sqs:SendMessage")
    wanted["Resources"]["Policy"]["Properties"]["Description"] = "another"
    job.deploy("Replaced", deployed)
    assert job.run("Replaced", wanted, BROADENING="asked") == 0
    assert "1 replaced" in job.wrote("summary.txt")


def test_without_the_projects_configuration_nothing_is_compared(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the project's configuration the command exits with 2, and names the table and the key."""
    (job.folder / "pyproject.toml").write_text("")
    assert job.run("Any", template("sqs:*")) == 2
    assert "changes: pyproject.toml [tool.delivery] access: is missing" in capsys.readouterr().err


def test_a_first_deployment_is_green(job: Job) -> None:
    """A first deployment has no permissions that it could broaden."""
    assert job.run("New", template("sqs:*")) == 0
    (stack,) = json.loads(job.wrote("changes.json"))["stacks"]
    assert stack["first"]
    assert {resource["kind"] for resource in stack["resources"]} == {"added"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"EXECUTION": ""}, "EXECUTION not set"),
        ({"BROADENING": "perhaps"}, "(one of ('asked', 'allowed', 'red'))"),
        ({"STAGE": "assembly-Pipeline-Staging"}, f"there is no assembly-Pipeline-Staging; there are {STAGE}"),
    ],
)
def test_wrong_use_says_what_is_needed(
    job: Job, change: dict[str, str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong arguments or variables write nothing, and the message lists the needed ones."""
    assert job.run("Any", template("sqs:*"), **change) == 2
    assert words in capsys.readouterr().err
    assert not (job.folder / "changes").exists()
