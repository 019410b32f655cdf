"""The commands of this pipeline's builds. Those of the build that synthesizes are in buildspec.yml."""

from __future__ import annotations

from functools import partial

from cdk_delivery.constructs.build_step import BuildCommands
from cdk_delivery.settings.environment import Environment
from stages.service_options import ServiceOptions

# What `bin/setup integration` downloads and makes is kept for the next build.
_Build = partial(BuildCommands, python="3.13", downloads=("uv", "pip"), cache=("build/integration/**/*",))

# Compares the pushed assembly with what is deployed.
CHANGES = _Build(
    commands=("make changes", 'export SUMMARY="$(cat build/changes/summary.txt)"'),
    output="build/changes",
)


def integration_tests(environment: Environment[ServiceOptions]) -> BuildCommands:
    """The tests of what was deployed, which they know by the outputs of its stack; TESTED is how they ended."""
    return _Build(
        commands=("make integration", 'export TESTED="$(make -s tested)"'),
        variables={"TESTS": environment.service.tests},
        reports=("build/reports/*.xml",),
    )
