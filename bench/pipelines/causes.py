"""Why a rehearsal of a public pipeline ended early, by the line that says so."""

from __future__ import annotations

import re

# The first pattern that is found decides; a line that none describes is `other`, to be read and added.
CAUSES = {
    "unknown resource type": r"Unrecognized resource types|--accept \w+::|not implemented|Unsupported resource",
    "unknown action provider": r"--accept \w+",
    "docker": r"(?i)docker|podman|container image",
    "old CDK CLI asks the real AWS": r"(?i)getaddrinfo|security token included|InvalidClientTokenId|UnrecognizedClient",
    "account data": r"(?i)lookup|hosted.?zone|secret.*(not|can.t) (be )?f",
    "tool or runtime is not here": r"(?i)command not found|runtime version|not found: \w+|No such file|is not here",
    "does not install": r"(?i)npm (err|error)|ERESOLVE|No matching distribution|pip",
    "does not synthesize": r"(?i)does not synthesize|cdk synth|TS\d{4}|TypeError|ModuleNotFound",
    "stack fails": r"(?i)CREATE_FAILED|ROLLBACK|stack .* (failed|is in)",
    "build fails": r"(?i)build FAILED|did not exit successfully|phase",
    "too slow": r"no end after",
}


def cause(error: str) -> str:
    """Return the class of an error line; empty without an error."""
    if not error:
        return ""
    return next((name for name, pattern in CAUSES.items() if re.search(pattern, error)), "other")
