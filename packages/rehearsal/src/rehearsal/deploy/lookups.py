"""Context look-ups of an app in its accounts: where one finds nothing, `[[prepare]]` may create the resource.

Source: AWS CDK developer guide, "Context values and the AWS CDK" (context methods).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from rehearsal.errors import WrongUse
from rehearsal.host.checked_command import CommandFailed
from rehearsal.project.cloud_assembly import Assembly

# The errors of CDK's context providers. The embedded AWS has default VPCs, AWS's images and parameters.
_NOT_FOUND = re.compile(
    r"Could not find any VPCs matching \{[^{}]*(?:\{[^{}]*\})?[^{}]*\}|SSM parameter not available in account [^(\n]*"
    r"|Found zones: \[\] for dns:[^,\s]+|No AMI found that matched[^\n]*"
    r"|No (?:security groups|load balancers) found[^\n]*"
)

# The part of a key in cdk.context.json that says where the look-up was made.
_ENVIRONMENT = re.compile(r':account=(\d{12}):(?:[^"]*:)?region=([\w-]+)')


def failed_lookups(message: str) -> list[str]:
    """Return the errors of failed look-ups in a message, without duplicates."""
    return list(dict.fromkeys(match.strip() for match in _NOT_FOUND.findall(message)))


def committed_lookups(context: Path) -> list[tuple[str, str]]:
    """Return the accounts and regions whose look-ups a cdk.context.json holds; none where there is no such file."""
    text = context.read_text(encoding="utf-8") if context.exists() else ""
    return list(dict.fromkeys(_ENVIRONMENT.findall(text)))


def synthesize_with_lookups(
    synthesize: Callable[[], Assembly], prepare: Callable[[], bool], elsewhere: Sequence[tuple[str, str]] = ()
) -> Assembly:
    """Synthesize; where a look-up finds nothing, prepare the accounts and synthesize once more.

    prepare: returns whether it ran a command. elsewhere: environments other than the rehearsed one whose look-ups are
    committed. Raises WrongUse, which names the failed look-ups, and CommandFailed.
    """
    try:
        return synthesize()
    except CommandFailed as error:
        if not failed_lookups(error.output) or not prepare():
            raise _explained(error, elsewhere) from error
    try:
        return synthesize()
    except CommandFailed as error:
        raise _explained(error, elsewhere) from error


def _explained(error: CommandFailed, elsewhere: Sequence[tuple[str, str]]) -> Exception:
    lookups = failed_lookups(error.output)
    if not lookups:
        return error
    return WrongUse(
        f"the app looks up resources that the embedded AWS does not have: {'; '.join(lookups)}. {_way_on(elsewhere)},"
        f" or create them by a command of [[prepare]] in rehearsal.toml\n{error}"
    )


def _way_on(elsewhere: Sequence[tuple[str, str]]) -> str:
    if not elsewhere:
        return "Commit cdk.context.json, which holds the results of look-ups"
    account, region = elsewhere[0]
    return (
        f"cdk.context.json has those of {', '.join(map('/'.join, elsewhere))}: set in rehearsal.toml"
        f' account = "{account}" and region = "{region}"'
    )
