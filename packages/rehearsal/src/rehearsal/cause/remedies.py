"""Remedies for errors whose tools do not name one."""

from __future__ import annotations

import re
from collections.abc import Iterable

_REMEDIES = {
    # cdk-assets and the CDK CLI, @aws-cdk/cloud-assembly-schema/lib/manifest.ts. Up to 2.273.0 aws-cdk-lib writes 54.
    re.compile(r"Maximum schema version supported is \d+"): (
        "aws-cdk-lib is newer than the command that reads its output: pin an older aws-cdk-lib"
        " (2.273.0 is the last that writes schema 54), or install a newer command"
    ),
}
# The note of a rehearsal on a command that a build calls.
_MISSING_TOOL = re.compile(r"rehearsal: (?P<note>the image has (?P<tool>\S+), this machine has not: .+)")


def with_remedy(message: str, log: Iterable[str]) -> str:
    """Return the message, followed by its remedies. log: the end of the action's log."""
    notes = (match for line in log if (match := _MISSING_TOOL.search(line)))
    missing = (match["note"] for match in notes if f"{match['tool']}: " in message)
    known = (remedy for error, remedy in _REMEDIES.items() if error.search(message))
    return ": ".join([message, *missing, *known])
