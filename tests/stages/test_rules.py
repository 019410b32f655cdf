"""The rule packs find nothing for any setting of the service, and no acceptance is stale."""

from pathlib import Path

import pytest
from aws_cdk import App, CloudFormationValidatePlugin, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk_delivery.compliance.assembly import Assembly
from cdk_delivery.compliance.packs import attach_packs
from stages.echo_stack import Release
from stages.service_options import ServiceOptions
from tests.stages.conftest import echo_stack

pytestmark = pytest.mark.slow  # `make synth` runs the packs for the pushed settings

SETTINGS = {
    "default": ServiceOptions(),
    "quiet": ServiceOptions(alarm_actions=False, tests="smoke"),
    "everything": ServiceOptions(
        reserved_concurrency=10, retain=True, alarm_email="team@example.com", log_retention="TWO_YEARS"
    ),
}


def synthesized(app: App) -> Assembly:
    """Return the assembly with its report, with or without findings."""
    attach_packs(app)
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
    return Assembly(Path(app.outdir))


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(outdir=str(tmp_path), analytics_reporting=False)


def test_no_setting_causes_a_finding_or_a_stale_acceptance(app: App, release: Release) -> None:
    """No setting causes a finding, and an acceptance exists only if the setting causes its finding."""
    for name, options in SETTINGS.items():
        echo_stack(Construct(app, name), release, options)
    # The plugin takes three seconds for any number of stacks.
    Validations.of(app).add_plugins(CloudFormationValidatePlugin())
    assembly = synthesized(app)
    assert assembly.violations() == []
    assert assembly.stale() == []


@pytest.mark.gate
def test_wide_policies_are_found(app: App, release: Release) -> None:
    """Wildcards of actions and resources, and AWS managed policies are found; only X-Ray's wildcard is accepted."""
    stack = echo_stack(app, release, ServiceOptions())
    action = iam.PolicyStatement(actions=["sqs:*"], resources=["arn:aws:sqs:eu-west-1:222222222222:one"])
    resource = iam.PolicyStatement(actions=["sqs:SendMessage"], resources=["*"])
    iam.ManagedPolicy(stack, "WideAction", statements=[action])
    iam.ManagedPolicy(stack, "WideResource", statements=[resource])
    policy = iam.ManagedPolicy.from_aws_managed_policy_name("AmazonSQSFullAccess")
    iam.Role(stack, "WideRole", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), managed_policies=[policy])
    assert {
        "AwsSolutions-IAM5[Action::sqs:*]",
        "AwsSolutions-IAM5[Resource::*]",
        "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSQSFullAccess]",
    } <= {*synthesized(app).violations()}
