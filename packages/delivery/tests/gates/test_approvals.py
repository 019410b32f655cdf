"""The approvals gate: it fails for a push that bypasses an approval, unless cdk.json accepts the risk."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cdk_delivery.gates import approvals
from cdk_delivery.gates.deploying_stages import DeployingStage, deploying_stages
from cdk_delivery.settings.messages import SettingsError
from cdk_delivery.settings.model import Delivery
from tests.app.shop_options import ShopOptions
from tests.assemblies import write_assembly

BUILD = {"CODEBUILD_BUILD_ARN": "arn:aws:codebuild:eu-west-1:111111111111:build/a:b"}
DEPLOY = "arn:aws:iam::{}:role/cdk-hnb659fds-deploy-role-{}-eu-west-1"
EXECUTE = "arn:aws:iam::{}:role/cdk-hnb659fds-cfn-exec-role-{}-eu-west-1"
Change = Callable[[dict[str, Any]], None]


def action(category: str, account: str = "") -> dict[str, Any]:
    """Return an action as a template has it."""
    made: dict[str, Any] = {"Name": category, "ActionTypeId": {"Category": category}, "Configuration": {}}
    if account:
        made["RoleArn"] = {"Fn::Sub": DEPLOY.format(account, account).replace("arn:aws", "arn:${AWS::Partition}")}
        made["Configuration"] = {"RoleArn": EXECUTE.format(account, account)}
    return made


def stage(name: str, *actions: dict[str, Any]) -> dict[str, Any]:
    return {"Name": name, "Actions": [*actions]}


DEV, PROD = "222222222222", "333333333333"
PIPELINE = {
    "Name": "shop-delivery",
    "Stages": [
        stage("Source", action("Source")),
        stage("Dev", action("Build"), action("Deploy", DEV)),
        stage("ApproveProd", action("Build"), action("Approval")),
        stage("Prod", action("Deploy", PROD), action("Test")),
    ],
}


def lowered(value: Any) -> Any:
    """Return a template's pipeline as the API has it; keys of actions' configurations are not changed."""
    if isinstance(value, list):
        return [lowered(item) for item in value]
    if not isinstance(value, dict) or "Fn::Sub" in value:
        return value["Fn::Sub"].replace("${AWS::Partition}", "aws") if isinstance(value, dict) else value
    return {
        name[0].lower() + name[1:]: inner if name == "Configuration" else lowered(inner)
        for name, inner in value.items()
    }


def without_approval(pipeline: dict[str, Any]) -> None:
    del pipeline["Stages"][2]


def approval_after_the_deployment(pipeline: dict[str, Any]) -> None:
    pipeline["Stages"][2:] = reversed(pipeline["Stages"][2:])


def another_stage_in_its_account(pipeline: dict[str, Any]) -> None:
    pipeline["Stages"].insert(2, stage("Hotfix", action("Deploy", PROD)))


def renamed_without_approval(pipeline: dict[str, Any]) -> None:
    del pipeline["Stages"][2]
    pipeline["Stages"][2]["Name"] = "Live"


def another_account(pipeline: dict[str, Any]) -> None:
    pipeline["Stages"].insert(2, stage("Staging", action("Deploy", "444444444444")))


def nothing(_: dict[str, Any]) -> None:
    """Change nothing in the pipeline."""


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that runs the gate for a changed pipeline, and returns the exit status."""

    def run(change: Change, *accepted: str, roles: dict[str, Any] | None = None, **environ: str) -> int:
        pipeline = copy.deepcopy(PIPELINE)
        change(pipeline)
        resources = {"Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": pipeline}}
        write_assembly(tmp_path / "cdk.out", Pipeline=resources | (roles or {}))
        risks = [{"risk": risk, "reason": "it is meant"} for risk in accepted]
        (tmp_path / "cdk.json").write_text(json.dumps({"context": {"delivery": {"accepted_risks": risks}}}))
        (tmp_path / "pyproject.toml").write_text('[tool.delivery]\naccess = "access"\n')
        return approvals.main(tmp_path, ["cdk.out"], environ)

    monkeypatch.setattr("boto3.client", lambda _: Api())
    return run


class Api:
    """CodePipeline's API, which returns the deployed pipeline, or an error."""

    def __init__(self, refusal: str = "") -> None:
        self._refusal = refusal

    def get_pipeline(self, name: str) -> dict[str, Any]:
        if self._refusal:
            raise ClientError({"Error": {"Code": self._refusal, "Message": name}}, "GetPipeline")
        return {"pipeline": lowered(PIPELINE)}


@pytest.mark.gate
@pytest.mark.parametrize(
    ("change", "risk"),
    [
        (without_approval, "approval-removed/Prod"),
        (approval_after_the_deployment, "approval-removed/Prod"),
        (another_stage_in_its_account, "unapproved-account/Hotfix"),
        (renamed_without_approval, "unapproved-account/Live"),
    ],
)
def test_a_push_that_opens_an_environment_is_red(
    gate: Callable[..., int], change: Change, risk: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a build, which reads the deployed pipeline, the gate is red until cdk.json accepts exactly this risk."""
    assert gate(change, **BUILD) == 1
    errors = capsys.readouterr().err
    assert f'context.delivery.accepted_risks: {{"risk": "{risk}", "reason": "..."}}' in errors
    assert gate(change, risk, **BUILD) == 0
    assert gate(change, "approval-removed/Other", **BUILD) == 1


@pytest.mark.parametrize("change", [nothing, another_account])
def test_a_push_that_opens_nothing_is_green(gate: Callable[..., int], change: Change) -> None:
    """A new environment in another account is green: its approval is a setting in cdk.json."""
    assert gate(change, **BUILD) == 0


def test_on_a_laptop_there_is_nothing_to_compare_with(gate: Callable[..., int]) -> None:
    """Outside of a build the gate reads no deployed pipeline, so that `make synth` needs no credentials."""
    assert gate(without_approval) == 0


@pytest.mark.parametrize("code", ["PipelineNotFoundException", "AccessDeniedException"])
def test_a_pipeline_that_cannot_be_read_is_green(
    gate: Callable[..., int], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate is green for a first deployment, and without the permission to read the pipeline."""
    monkeypatch.setattr("boto3.client", lambda _: Api(code))
    assert gate(without_approval, **BUILD) == 0


def build_role(*resources: Any, **statement: Any) -> dict[str, Any]:
    """Return the role of a build with one statement."""
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}}]}
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": [*resources], **statement}
    policies = [{"PolicyName": "p", "PolicyDocument": {"Statement": [allowed]}}]
    properties = {"AssumeRolePolicyDocument": trust, "Policies": policies}
    return {"BuildRole": {"Type": "AWS::IAM::Role", "Properties": properties}}


@pytest.mark.gate
@pytest.mark.parametrize(
    "role",
    [
        build_role(DEPLOY.format(PROD, PROD)),
        build_role(EXECUTE.format(PROD, PROD)),
        build_role("arn:aws:iam::*:role/cdk-*"),
        build_role({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":iam::{PROD}:role/*"]]}),
        build_role("*", Action=["sts:*"]),
    ],
)
def test_a_build_that_may_deploy_is_red(gate: Callable[..., int], role: dict[str, Any]) -> None:
    """A build role that may deploy is red also outside of a build, since the template shows it."""
    assert gate(nothing, roles=role) == 1
    assert gate(nothing, "build-deploys/BuildRole", roles=role) == 0


@pytest.mark.parametrize(
    "role",
    [
        build_role(f"arn:aws:iam::{PROD}:role/shop-delivery-prod-eu-west-1-tests"),
        build_role(DEPLOY.format(PROD, PROD), Effect="Deny"),
        build_role("*", Action="s3:GetObject"),
    ],
)
def test_a_build_that_assumes_other_roles_is_green(gate: Callable[..., int], role: dict[str, Any]) -> None:
    """The roles of tests and of changes builds are not roles that deploy."""
    assert gate(nothing, roles=role) == 0


def test_template_and_api_have_the_same_stages() -> None:
    """A template and the API's definition give the same stages; otherwise every push would look like a change."""
    stages = [
        DeployingStage("Dev", frozenset({DEV}), approved=False),
        DeployingStage("Prod", frozenset({PROD}), approved=True),
    ]
    assert deploying_stages(PIPELINE) == deploying_stages(lowered(PIPELINE)) == stages


def test_an_accepted_risk_needs_a_name_and_a_reason(context: dict[str, Any]) -> None:
    """The settings reject a risk of an unknown kind, or with a short reason."""
    for risk in (
        {"risk": "approval-removed/Prod", "reason": "short"},
        {"risk": "all", "reason": "because it is meant"},
    ):
        with pytest.raises(SettingsError, match=r"accepted_risks\[0\]"):
            Delivery[ShopOptions].read({**context["delivery"], "accepted_risks": [risk]})
