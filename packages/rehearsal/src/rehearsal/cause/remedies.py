"""What to do about errors whose tools do not say it."""

from __future__ import annotations

import re

_REMEDIES = {
    # cdk-assets and the CDK CLI, @aws-cdk/cloud-assembly-schema/lib/manifest.ts. Up to 2.273.0 aws-cdk-lib writes 54.
    re.compile(r"Maximum schema version supported is \d+"): (
        "aws-cdk-lib is newer than the command that reads its output: pin an older aws-cdk-lib"
        " (2.273.0 is the last that writes schema 54), or install a newer command"
    ),
}


def with_remedy(message: str) -> str:
    """Return the message, followed by what to do about it where that is known."""
    found = (f"{message}: {remedy}" for error, remedy in _REMEDIES.items() if error.search(message))
    return next(found, message)
