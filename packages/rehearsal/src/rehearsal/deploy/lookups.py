"""Look-ups of an app in its accounts: where the embedded AWS has nothing of the kind, `[[prepare]]` creates it.

Source: AWS CDK developer guide, "Context values and the AWS CDK" (context methods).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rehearsal.errors import WrongUse
from rehearsal.host.processes import CommandFailed
from rehearsal.project.cloud_assembly import Assembly

# What CDK's context providers say. Default VPCs, AWS's images and parameters, zones and security groups are there.
_NOT_FOUND = re.compile(
    r"Could not find any VPCs matching \{[^{}]*(?:\{[^{}]*\})?[^{}]*\}|SSM parameter not available in account [^(\n]*"
    r"|Found zones: \[\] for dns:[^,\s]+|No AMI found that matched[^\n]*"
    r"|No (?:security groups|load balancers) found[^\n]*"
)


def failed_lookups(message: str) -> list[str]:
    """Return what CDK looked up and did not find, each once."""
    return list(dict.fromkeys(found.strip() for found in _NOT_FOUND.findall(message)))


def synthesize_with_lookups(synthesize: Callable[[], Assembly], prepare: Callable[[], bool]) -> Assembly:
    """Synthesize; where a look-up finds nothing, prepare the accounts and synthesize once more.

    prepare: answers whether there was something to prepare. Raises WrongUse that names the look-ups, and CommandFailed.
    """
    try:
        return synthesize()
    except CommandFailed as error:
        if not failed_lookups(str(error)) or not prepare():
            raise _explained(error) from error
    try:
        return synthesize()
    except CommandFailed as error:
        raise _explained(error) from error


def _explained(error: CommandFailed) -> Exception:
    lookups = failed_lookups(str(error))
    if not lookups:
        return error
    return WrongUse(
        f"the app looks up what its owner's account has, and the embedded AWS has not: {'; '.join(lookups)}."
        " Commit cdk.context.json, which holds what look-ups found, or create it by a command of [[prepare]] in"
        f" rehearsal.toml\n{error}"
    )
