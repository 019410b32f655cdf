"""The commands of this pipeline's builds. Those of the synth build are in buildspec.yml."""

from __future__ import annotations

from functools import partial

from cdk_delivery.constructs.build_step import BuildCommands
from cdk_delivery.settings.environment import Environment
from stages.service_options import ServiceOptions

# Later builds reuse what `bin/setup integration` downloads and installs.
_Build = partial(BuildCommands, python="3.13", downloads=("uv", "pip"), cache=("build/integration/**/*",))

# Compares the pushed assembly with what is deployed.
CHANGES = _Build(
    commands=("make changes", 'export SUMMARY="$(cat build/changes/summary.txt)"'),
    output="build/changes",
)


def integration_tests(environment: Environment[ServiceOptions]) -> BuildCommands:
    """Return the commands that test a deployed stage; TESTED is their result, such as `7 passed, 0 failed`."""
    return _Build(
        commands=("make integration", 'export TESTED="$(make -s tested)"'),
        variables={"TESTS": environment.service.tests},
        reports=("build/reports/*.xml",),
    )
