"""The service's stack by itself, with any options."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from aws_cdk import App
from aws_cdk import Environment as Target
from aws_cdk.assertions import Template
from constructs import Construct

from cdk_delivery.constructs.project_files import Project
from cdk_delivery.constructs.test_role import IntegrationTestRoleNames
from stages.echo_stack import EchoStack, Release
from stages.service_options import ServiceOptions

Make = Callable[[ServiceOptions], Template]
ACCOUNT, REGION = "222222222222", "eu-west-1"
BUILD_ROLE = "arn:aws:iam::111111111111:role/delivery-dev-build"


def echo_stack(scope: Construct, release: Release, options: ServiceOptions, emails: Sequence[str] = ()) -> EchoStack:
    """Return the stack in a separate account, with a tester role for one build role."""
    return EchoStack(
        scope,
        "Echo",
        env=Target(account=ACCOUNT, region=REGION),
        release=release,
        environment="dev",
        tester=IntegrationTestRoleNames(role="delivery-dev-tests", trusted=BUILD_ROLE),
        options=options,
        emails=emails,
    )


@pytest.fixture(scope="session")
def release(project: Project) -> Release:
    """The functions and layers of this tree."""
    return Release(layers=project.layers, revision="0123abc")


@pytest.fixture(scope="session")
def template_of(release: Release) -> Make:
    """A function that returns the stack's template for some options."""
    return lambda options: Template.from_stack(echo_stack(App(analytics_reporting=False), release, options))


@pytest.fixture(scope="session")
def template(template_of: Make) -> Template:
    """The template with the default options."""
    return template_of(ServiceOptions())


@pytest.fixture(scope="session")
def changed(template_of: Make) -> Template:
    """The template with every option set."""
    options = ServiceOptions(
        memory_mb=512,
        timeout_seconds=7,
        reserved_concurrency=3,
        queue_concurrency=9,
        log_retention="ONE_YEAR",
        retain=True,
        alarm_actions=False,
        alarm_email="team@example.com",
        tests="smoke",
    )
    assert options.model_fields_set == {*ServiceOptions.model_fields}
    return template_of(options)
