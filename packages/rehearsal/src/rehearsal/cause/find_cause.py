"""Find the root cause of each failed action, from its summary and the lines of its log."""

from __future__ import annotations

import json
import re
import shlex
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from rehearsal.cause.failed_command import FailedCommand, FailedPart, cut_failed_command, recipe_starts
from rehearsal.cause.findings import LINES, excerpt, first_finding, last_words, suggested_command
from rehearsal.cause.model import Cause, FailedAction, Finding, Place, Statement
from rehearsal.cause.remedies import with_remedy

ConstructPath = Callable[[str, str], str]

# Source: AWS CloudFormation user guide, "Stack status codes".
_DEAD_STACK = re.compile(
    r"\b(?P<stack>[A-Za-z][\w-]*)(?:/\S+)?(?: is in)? "
    r"(?:ROLLBACK_COMPLETE|ROLLBACK_FAILED|CREATE_FAILED|DELETE_FAILED)\b"
)
_FIRST_FAILURE = re.compile(r"^(?P<stack>[\w-]+) [A-Z_]+: (?P<resource>\w+) \([\w:.-]+\): (?P<reason>.+)$")
_MISSING = re.compile(r"\bmissing (?:in .+? )?is (?=\{)")
# Source: AWS IAM user guide, "Troubleshoot access denied error messages".
_DENIED = re.compile(r"is not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<resource>\S+))?")


def find_causes[A: FailedAction](
    failed: Iterable[A], read_log: Callable[[A], Iterable[str]], construct_path: ConstructPath
) -> list[Cause]:
    """Return a cause for each failed action, the one that ended first at the beginning.

    read_log: the lines of an action's log, none where it has no log. construct_path: the path of the construct that
    has this logical id in the stack of this name; empty where it is unknown.
    """
    in_order = sorted(failed, key=lambda action: (action.started or 0) + (action.seconds or 0))
    return [_cause(action, read_log(action), construct_path) for action in in_order]


def _cause(action: FailedAction, log: Iterable[str], construct_path: ConstructPath) -> Cause:
    finding, tail = _in_summary(action, construct_path), deque[str](maxlen=LINES)
    command = cut_failed_command(_copy_to(tail, log))
    if command:
        finding = _in_part(command.parts[0]) or finding
    lines = finding.lines or excerpt([*tail], 0)
    return Cause(
        stage=action.stage,
        action=action.name,
        provider=action.provider,
        message=with_remedy(finding.message, tail),
        place=finding.place,
        command=command.command if command else "",
        part=command.parts[0].target if command else "",
        lines=lines,
        missing_statement=missing_statement([finding.message, *lines, action.summary]),
        next_command=finding.next_command or _next_command(action, command),
        log=action.log if tail else "",
        also=tuple(_also_failed(command.parts[1:])) if command else (),
    )


def _copy_to(tail: deque[str], lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines, and append each to `tail`: the log is read once."""
    for line in lines:
        tail.append(line)
        yield line


def _in_part(part: FailedPart) -> Finding | None:
    """Return the first error of the recipe that ran last: earlier targets, whose output is here too, succeeded."""
    findings = (first_finding(part.lines[start:]) for start in recipe_starts(part.lines))
    return next(filter(None, findings), None) or last_words(part.lines)


def _also_failed(parts: Iterable[FailedPart]) -> Iterable[str]:
    for part in parts:
        finding = _in_part(part)
        if finding:
            yield f"{part.target}: {' '.join(filter(None, (str(finding.place), finding.message)))}"
        else:
            yield part.target


def _in_summary(action: FailedAction, construct_path: ConstructPath) -> Finding:
    """Return the finding in an action's summary: of a stack, the first resource that failed."""
    message, place = action.summary or f"{action.stage}/{action.name} failed", Place()
    if resource := _FIRST_FAILURE.match(message):
        path = construct_path(resource["stack"], resource["resource"])
        place = Place(construct=path or f"{resource['stack']}/{resource['resource']}")
    return Finding(message, 0, place, next_command=suggested_command(message))


def _next_command(action: FailedAction, command: FailedCommand | None) -> str:
    if command:
        target = command.parts[0].target
        return f"make {shlex.quote(target)}" if target else f"rehearse shell {action.stage}/{action.name}"
    dead = _DEAD_STACK.search(action.summary)
    if dead and "CloudFormation" in action.provider:
        return f"aws cloudformation delete-stack --stack-name {dead['stack']}"
    return f"rehearse retry {action.stage}"


def missing_statement(texts: Iterable[str]) -> Statement | None:
    """Return the policy statement that a denial in these texts lacks; None where nothing was denied."""
    for text in texts:
        if match := _MISSING.search(text):
            with suppress(ValueError):
                statement: Statement = json.JSONDecoder().raw_decode(text[match.end() :])[0]
                return statement
        if denied := _DENIED.search(text):
            return {"Effect": "Allow", "Action": denied["action"], "Resource": denied["resource"] or "*"}
    return None
