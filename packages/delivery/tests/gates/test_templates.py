"""The templates gate: cfn-lint reads only templates that have changed, or whose rules have."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cdk_delivery.gates import templates
from tests.assemblies import write_assembly, write_stage

pytestmark = pytest.mark.slow


def queue(folder: Path, stage: str = "", **properties: str) -> None:
    """Write a stack with a queue, in `stage` if one is given."""
    metadata = {"aws:cdk:path": f"Pipeline/{stage or 'Top'}/Queue/Resource"}
    made = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": properties, "Metadata": metadata}}
    if stage:
        write_stage(folder, f"assembly-{stage}", a=made)
    else:
        write_assembly(folder, a=made)


@pytest.fixture(scope="module")
def _passed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two templates that passed once, without cfn-lint, which takes a second to start."""
    folder = tmp_path_factory.mktemp("passed")
    queue(folder / "cdk.out", QueueName="top")
    queue(folder / "cdk.out", "Dev", QueueName="dev")
    (folder / templates.SETTINGS).write_text("templates: [cdk.out/**/*.template.json]\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("subprocess.run", lambda command, **_: subprocess.CompletedProcess(command, 0, "[]", ""))
        assert templates.main(folder) == 0
    return folder


@pytest.fixture
def root(_passed: Path, tmp_path: Path) -> Path:
    """This project, to change."""
    shutil.copytree(_passed, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The list of the files that cfn-lint was called with; cfn-lint itself does not run."""
    found: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        found.extend(command[command.index("--template") + 1 :])
        return subprocess.CompletedProcess(command, 0, "[]", "")

    monkeypatch.setattr("subprocess.run", run)
    return found


@pytest.mark.gate
def test_a_template_that_changed_is_read_again(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A changed template is linted in each run until it has no finding; the message names the construct."""
    queue(root / "cdk.out", "Dev", Colour="red")
    for _ in range(2):
        assert templates.main(root) == 1
        assert "templates: Pipeline/Dev/Queue/Resource: E3002 Additional" in capfd.readouterr().err


@pytest.mark.gate
def test_a_linter_that_reads_nothing_is_red(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A cfn-lint that prints its usage and exits with 0 has linted nothing, which is red."""
    usage = subprocess.CompletedProcess(["cfn-lint"], 0, "usage: cfn-lint [-h]", "")
    monkeypatch.setattr("subprocess.run", lambda *_, **__: usage)
    queue(root / "cdk.out", "Dev", QueueName="new")
    for _ in range(2):
        assert templates.main(root) == 1
        assert "cfn-lint ended with 0 and did not lint: usage: cfn-lint [-h]" in capfd.readouterr().err


def log_bucket() -> dict[str, Any]:
    """Return a bucket and its policy, as CDK writes them for the access logs of a load balancer."""
    arn = {"Fn::GetAtt": ["Logs", "Arn"]}
    objects = {"Fn::Join": ["", [arn, "/AWSLogs/111111111111/*"]]}
    root_user = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::156460612806:root"]]}
    service = {"Service": "delivery.logs.amazonaws.com"}
    owner = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    put = {"Action": "s3:PutObject", "Effect": "Allow", "Resource": objects}
    statements = [
        {**put, "Principal": {"AWS": root_user}},
        {**put, "Principal": service, "Condition": owner},
        {"Action": "s3:GetBucketAcl", "Effect": "Allow", "Principal": service, "Resource": arn},
    ]
    policy = {"Bucket": {"Ref": "Logs"}, "PolicyDocument": {"Statement": statements, "Version": "2012-10-17"}}
    return {
        "Logs": {"Type": "AWS::S3::Bucket"},
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
    }


def test_the_policy_of_a_load_balancers_log_bucket_is_clean(tmp_path: Path) -> None:
    """cfn-lint reports nothing for a bucket policy that earlier versions rejected wrongly."""
    write_assembly(tmp_path / "cdk.out", a=log_bucket())
    assert templates.main(tmp_path) == 0


def settings(root: Path, _: pytest.MonkeyPatch) -> None:
    (root / templates.SETTINGS).write_text("regions: [eu-west-1]\n")


def linter(_: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(templates, "version", lambda _: "another")


@pytest.mark.parametrize("change", [settings, linter])
def test_other_rules_are_a_change(
    root: Path, read: list[str], monkeypatch: pytest.MonkeyPatch, change: Callable[[Path, pytest.MonkeyPatch], None]
) -> None:
    """Other settings or another version of cfn-lint lint every template again."""
    change(root, monkeypatch)
    assert templates.main(root) == 0
    assert sorted(read) == ["cdk.out/a.template.json", "cdk.out/assembly-Dev/a.template.json"]


def test_unchanged_templates_are_not_read_again(root: Path, read: list[str]) -> None:
    """The cache is valid in another folder too; only a new template is linted."""
    elsewhere = root.rename(root.with_name("another-folder"))
    queue(elsewhere / "cdk.out", "Prod", QueueName="new")
    for _ in range(2):
        assert templates.main(elsewhere) == 0
    assert read == ["cdk.out/assembly-Prod/a.template.json"]


def test_without_templates_nothing_is_green(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without templates the gate exits with 2, and names the command that writes them."""
    assert templates.main(tmp_path) == 2
    assert "`make synth` writes them" in capsys.readouterr().err
