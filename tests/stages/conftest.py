"""The service's stack alone, with any options, synthesized in a moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aws_cdk import App
from aws_cdk import Environment as Target
from aws_cdk.assertions import Template

from pipeline.project import Project
from stages.echo_stack import EchoStack, Release
from stages.options import ServiceOptions
from stages.tester import TesterNames

Make = Callable[[ServiceOptions], Template]
BUILD_ROLE = "arn:aws:iam::111111111111:role/delivery-dev-build"


@pytest.fixture
def made(project: Project) -> Make:
    """Makes the stack's template for some options."""

    def make(options: ServiceOptions) -> Template:
        stack = EchoStack(
            App(analytics_reporting=False),
            "Echo",
            env=Target(account="222222222222", region="eu-west-1"),
            release=Release(functions=project.functions, layers=project.layers, revision="0123abc"),
            environment="dev",
            tester=TesterNames(role="delivery-dev-tests", trusted=BUILD_ROLE),
            options=options,
        )
        return Template.from_stack(stack)

    return make


@pytest.fixture
def template(made: Make) -> Template:
    """The template for the options as they are where a setting says nothing."""
    return made(ServiceOptions())
