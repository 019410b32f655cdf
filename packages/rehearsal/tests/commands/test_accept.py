"""`run --accept`: pipelines with actions and resources that cannot be rehearsed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rehearsal.aws import root
from rehearsal.workspace.acceptances import AcceptedFile
from tests.commands.another import action, another, source
from tests.commands.conftest import Tiny
from tests.commands.templates import ACCOUNT, REGION

GROUP = "AWS::CodeBuild::ReportGroup"
NAMES = ("DeviceFarm", "DeploymentWindow", GROUP)


def stages() -> list[dict[str, Any]]:
    """Return stages with an action, a rule and a resource that the embedded AWS does not support."""
    code = {"inputArtifacts": [{"name": "Code"}]}
    settings = {
        "ActionMode": "CREATE_UPDATE",
        "StackName": "accepted",
        "TemplatePath": "Code::template.json",
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/cloudformation",
    }
    window = {"category": "Rule", "owner": "AWS", "provider": "DeploymentWindow", "version": "1"}
    rule = {"name": "Window", "ruleTypeId": window, "configuration": {"Cron": "* * 9-17 ? * MON-FRI *"}}
    return [
        {"name": "Source", "actions": [source()]},
        {
            "name": "Ship",
            "beforeEntry": {"conditions": [{"result": "FAIL", "rules": [rule]}]},
            "actions": [
                action("Scan", "Test", "DeviceFarm", configuration={}, **code),
                action("Deploy", "Deploy", "CloudFormation", configuration=settings, runOrder=2, **code),
            ],
        },
    ]


def make_role(tiny: Tiny) -> None:
    """Create a role that CloudFormation may assume."""
    iam = tiny.deployed.endpoint.client("iam", root(ACCOUNT), REGION)
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="cloudformation", AssumeRolePolicyDocument=document)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_role_policy(RoleName="cloudformation", PolicyName="all", PolicyDocument=policy)


def test_a_run_reports_everything_that_was_accepted(tiny: Tiny, tmp_path: Path) -> None:
    """Each refused run says what to accept; the run that accepts all three succeeds and reports all three."""
    file = tmp_path / "result.json"
    template = {"Resources": {"Group": {"Type": GROUP, "Properties": {"Type": "TEST"}}}}
    make_role(tiny)
    with another(tiny, *stages()):
        (tiny.root / "template.json").write_text(json.dumps(template))
        for count, words in ((0, "`run --accept DeploymentWindow`"), (2, GROUP)):
            accepted = [word for name in NAMES[:count] for word in ("--accept", name)]
            code, printed = tiny.call("run", *accepted)
            assert (code, words in printed) == (1, True), printed
        code, printed = tiny.call("run", "--json", str(file), *(word for name in NAMES for word in ("--accept", name)))
        assert code == 0, printed
    AcceptedFile(tiny.space).write([])
    result = json.loads(file.read_text())
    assert {action["status"] for stage in result["stages"] for action in stage["actions"]} == {"Succeeded"}
    for words in (
        "Ship/Scan was not executed: Test/DeviceFarm was accepted",
        "Ship/Window was not executed: Rule/DeploymentWindow was accepted",
        GROUP,
    ):
        assert any(words in line for line in result["not_emulated"]), words


def test_what_rehearsal_toml_accepts_needs_no_option(tiny: Tiny) -> None:
    """`retry --accept` continues a refused run; with `accept` in rehearsal.toml, a run needs no option."""
    scan = [action("Scan", "Test", "DeviceFarm", configuration={}, inputArtifacts=[{"name": "Code"}])]
    with another(tiny, {"name": "Source", "actions": [source()]}, {"name": "Ship", "actions": scan}):
        code, printed = tiny.call("run")
        assert (code, "`run --accept DeviceFarm`" in printed) == (1, True), printed
        code, printed = tiny.call("retry", "--accept", "DeviceFarm")
        assert code == 0, printed
        AcceptedFile(tiny.space).write([])
        toml = tiny.root / "rehearsal.toml"
        before = toml.read_text() if toml.exists() else None
        toml.write_text(f'accept = ["DeviceFarm"]\n{before or ""}')
        code, printed = tiny.call("run")
        assert code == 0, printed
        toml.unlink() if before is None else toml.write_text(before)
    AcceptedFile(tiny.space).write([])
