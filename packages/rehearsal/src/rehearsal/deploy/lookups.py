"""Context look-ups of an app in its accounts: where one finds nothing, `[[prepare]]` may create the resource.

Source: AWS CDK developer guide, "Context values and the AWS CDK" (context methods).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rehearsal.errors import WrongUse
from rehearsal.host.processes import CommandFailed
from rehearsal.project.cloud_assembly import Assembly

# The errors of CDK's context providers. The embedded AWS has default VPCs, AWS's images and parameters.
_NOT_FOUND = re.compile(
    r"Could not find any VPCs matching \{[^{}]*(?:\{[^{}]*\})?[^{}]*\}|SSM parameter not available in account [^(\n]*"
    r"|Found zones: \[\] for dns:[^,\s]+|No AMI found that matched[^\n]*"
    r"|No (?:security groups|load balancers) found[^\n]*"
)


def failed_lookups(message: str) -> list[str]:
    """Return the errors of failed look-ups in a message, without duplicates."""
    return list(dict.fromkeys(found.strip() for found in _NOT_FOUND.findall(message)))


def synthesize_with_lookups(synthesize: Callable[[], Assembly], prepare: Callable[[], bool]) -> Assembly:
    """Synthesize; where a look-up finds nothing, prepare the accounts and synthesize once more.

    prepare: returns whether it ran a command. Raises WrongUse, which names the failed look-ups, and CommandFailed.
    """
    try:
        return synthesize()
    except CommandFailed as error:
        if not failed_lookups(error.output) or not prepare():
            raise _explained(error) from error
    try:
        return synthesize()
    except CommandFailed as error:
        raise _explained(error) from error


def _explained(error: CommandFailed) -> Exception:
    lookups = failed_lookups(error.output)
    if not lookups:
        return error
    return WrongUse(
        f"the app looks up resources that the embedded AWS does not have: {'; '.join(lookups)}."
        " Commit cdk.context.json, which holds the results of look-ups, or create them by a command of [[prepare]] in"
        f" rehearsal.toml\n{error}"
    )
