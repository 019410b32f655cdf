"""`rehearse why` finds the cause in the output of the packages' gates.

The packages' tests plant the faults, but cannot import the rehearsal, so their output is repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.gates.faults import why
from tests.root import ROOT

LAYERS, DELIVERY = "lambda-layers/tests/", "delivery/tests/"


@dataclass(frozen=True)
class Printed:
    """test: the module that plants the fault. says: a part of the message that this module expects too."""

    test: str
    printed: str
    says: str
    place: str = ""
    next_command: str = ""


PRINTED = (
    Printed(
        f"{LAYERS}test_boto3_rule.py",
        "layers: one: its layers hold botocore without boto3; `poetry add --lock boto3`",
        "hold botocore without boto3",
        next_command="poetry add --lock boto3",
    ),
    Printed(
        f"{LAYERS}test_build_errors.py",
        "layers: layer one: base needs absent, as the wheel says; `poetry add --lock absent`",
        "base needs absent, as the wheel",
        next_command="poetry add --lock absent",
    ),
    Printed(
        f"{LAYERS}test_build_errors.py",
        "layers: onlysource can be built for this machine alone",
        "onlysource can be built for this machine alone",
    ),
    Printed(
        f"{LAYERS}test_check.py",
        "lambda/two/main.py:4: no layer of two provides yaml; `poetry add --lock --group two pyyaml`",
        "poetry add --lock --group two pyyaml",
        "lambda/two/main.py:4",
        "poetry add --lock --group two pyyaml",
    ),
    Printed(
        f"{LAYERS}test_function_code.py",
        "layers: lambda/one/main.py:2: invalid syntax: the handler is not Python 3.13",
        "the handler is not Python 3",
        "lambda/one/main.py:2",
    ),
    Printed(
        f"{LAYERS}test_function_layers.py",
        "layers: lambda/shared: the name is taken by the layer of all functions",
        "lambda/shared: the name is taken",
    ),
    Printed(
        f"{LAYERS}test_lock.py",
        "layers: pyproject.toml: 'a b c' is not a requirement",
        "'a b c' is not a requirement",
        "pyproject.toml",
    ),
    Printed(
        f"{LAYERS}test_settings.py",
        "layers: pyproject.toml [tool.layers] shard: there is no such setting; there are architecture, python",
        "shard: there is no such setting",
        "pyproject.toml",
    ),
    Printed(
        f"{LAYERS}test_verify.py",
        "layers: layer one: base/native.so is for aarch64; the target is x86_64",
        "base/native.so is for aarch64; the target is x86_64",
    ),
    Printed(
        f"{LAYERS}test_uv_lock.py",
        "layers: the project has poetry.lock and uv.lock; say which one in [tool.layers]",
        "has poetry.lock and uv.lock; say which one in",
    ),
    Printed(
        f"{DELIVERY}changes/test_main.py",
        "changes: red: Dead in 333333333333/eu-west-1 is in ROLLBACK_COMPLETE and takes no update;"
        " first `aws cloudformation delete-stack --stack-name Dead --region eu-west-1`, then retry the stage",
        "is in ROLLBACK_COMPLETE and takes no update",
        next_command="aws cloudformation delete-stack --stack-name Dead --region eu-west-1",
    ),
    Printed(
        f"{DELIVERY}changes/test_main.py",
        "# prod: what would change\n\n- revision: 0123\n"
        "changes: red: delivery-boundary in 333333333333 differ from access/ of this push; bootstrap the account first,"
        " then retry the stage: `delivery bootstrap --only 333333333333/eu-west-1 --profile 333333333333=PROFILE`",
        "differ from access/ of this push; bootstrap the account first",
        next_command="delivery bootstrap --only 333333333333/eu-west-1 --profile 333333333333=PROFILE",
    ),
    Printed(
        f"{DELIVERY}changes/test_main.py",
        "changes: red: cannot compare prod with what is deployed: the role is missing; bootstrap the account again:"
        " `delivery bootstrap --only 333333333333/eu-west-1`",
        "cannot compare prod with what is deployed: the role is missing; bootstrap",
        next_command="delivery bootstrap --only 333333333333/eu-west-1",
    ),
    Printed(
        f"{DELIVERY}changes/test_main.py",
        "# prod: what would change\n\n- changed: Policy\n"
        "changes: red: IAM or security groups broaden in prod without an approval:\n"
        "  Shop: Policy may sqs:PurgeQueue\n"
        "Narrow it, or set `approval` or `allow_broadening` for this environment (docs/approve-and-roll-back.md)",
        "IAM or security groups broaden in prod without an approval:",
    ),
    Printed(
        f"{DELIVERY}compliance/test_connections.py",
        "compliance: PipelineDevShop: Till may not sqs:ReceiveMessage on Queue",
        "may not sqs:ReceiveMessage on Queue",
    ),
    Printed(
        f"{DELIVERY}gates/test_approvals.py",
        "approvals: cdk.json: the stage Prod had an approval and would have none; undo it, or accept it in"
        ' context.delivery.accepted_risks: {"risk": "approval-removed/Prod", "reason": "..."}',
        "approval-removed/Prod",
        "cdk.json",
    ),
    Printed(
        f"{DELIVERY}gates/test_templates.py",
        "templates: Pipeline/Dev/Queue/Resource: E3002 Additional properties are not allowed (cdk.out/a.json:1:9)",
        "E3002 Additional",
        "Pipeline/Dev/Queue/Resource",
    ),
    Printed(
        f"{DELIVERY}gates/test_secrets.py",
        "secrets: docs/b.md:2: AWS Access Key\nsecrets: revoke what is a secret",
        "AWS Access Key",
        "docs/b.md:2",
    ),
    Printed(
        f"{DELIVERY}settings/test_settings.py",
        "cdk.json context.delivery.region: got 'Ireland'; an AWS region looks like eu-west-1\n"
        "python pipeline_app.py: Subprocess exited with error 2",
        "got 'Ireland'; an AWS region looks like eu-west-1",
        "cdk.json",
    ),
    Printed(
        f"{DELIVERY}test_quotas.py",
        "Pipeline/actions of Live: 51, and AWS allows 50: put fewer environments into one wave\n"
        "python pipeline_app.py: Subprocess exited with error 1",
        "Pipeline/actions of Live",
    ),
    Printed(
        f"{DELIVERY}test_layers.py",
        "build/layers/absent.json; build the layers with `lambda-layers build`",
        "build the layers with `lambda-layers build`",
        next_command="lambda-layers build",
    ),
)


@pytest.mark.gate
@pytest.mark.parametrize("row", PRINTED, ids=lambda row: f"{row.test}-{row.says[:40]}")
def test_the_cause_is_what_the_gate_says(row: Printed) -> None:
    """The cause has the gate's message, its place, and the suggested command."""
    cause = why(row.printed)
    assert row.says in cause.message
    assert str(cause.place).startswith(row.place) if row.place else True
    assert cause.next_command == (row.next_command or "make planted")


@pytest.mark.skipif(not (ROOT / "packages").exists(), reason="a generated project has the packages as wheels")
@pytest.mark.parametrize("row", PRINTED, ids=lambda row: f"{row.test}-{row.says[:40]}")
def test_the_gate_has_a_test_that_expects_these_words(row: Printed) -> None:
    """The package's test expects the same message, so that a changed message is noticed here."""
    text = (ROOT / "packages" / row.test).read_text()
    expected = text.replace('"\n            "', "").replace("\\", "")
    assert row.says.removesuffix("/Prod") in expected
