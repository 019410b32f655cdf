"""The phases of a build in order, and the consequences of a failed one.

Sources: AWS CodeBuild user guide, "Build phase transitions" and "Build specification reference" (on-failure, finally).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.buildspec import Buildspec, Phase
from rehearsal.codebuild.failure_action import OnFailure
from rehearsal.codebuild.model import PhaseResult, PhaseStatus
from rehearsal.codebuild.shell import Shell
from rehearsal.host.cancellation import Cancellation

# Without on-failure: a failed build phase is followed by post_build, and a failed post_build by the upload.
_DEFAULT_ON_FAILURE = {
    "install": OnFailure("ABORT"),
    "pre_build": OnFailure("ABORT"),
    "build": OnFailure("CONTINUE"),
    "post_build": OnFailure("CONTINUE"),
}


@dataclass(frozen=True)
class PhasesResult:
    """The results of all phases. uploads: whether UPLOAD_ARTIFACTS follows.

    allowed_retries: None where the build is not retried.
    """

    phases: tuple[PhaseResult, ...]
    uploads: bool
    allowed_retries: int | None = None


@dataclass(frozen=True)
class Limits:
    """The deadline and the cancellation of a build. deadline: a value of time.monotonic()."""

    deadline: float
    stop: Cancellation


def run_phases(spec: Buildspec, shell: Shell, log: BuildLog, limits: Limits) -> PhasesResult:
    """Run install, pre_build, build and post_build, until one of them ends the build."""
    results: list[PhaseResult] = []
    for name, default in _DEFAULT_ON_FAILURE.items():
        phase: Phase = getattr(spec.phases, name)
        on_failure = phase.on_failure or default
        output = log.capture_output(enabled=on_failure.pattern is not None)
        result = _run_phase(name.upper(), phase, shell, log, limits)
        results.append(result)
        if result.status in {"STOPPED", "TIMED_OUT"}:
            return PhasesResult(tuple(results), uploads=False)
        if result.status == "SUCCEEDED":
            continue
        shell.put("CODEBUILD_BUILD_SUCCEEDING", "0")
        if on_failure.action != "CONTINUE":
            is_retried = on_failure.applies_to("\n".join([result.message, *output]))
            allowed_retries = on_failure.retries if is_retried else None
            return PhasesResult(tuple(results), uploads=False, allowed_retries=allowed_retries)
    return PhasesResult(tuple(results), uploads=True)


def _run_phase(name: str, phase: Phase, shell: Shell, log: BuildLog, limits: Limits) -> PhaseResult:
    """Run the commands up to the first failure, then those of `finally`, unless the build was stopped or timed out."""
    began = time.monotonic()
    log.say(f"Entering phase {name}")
    status, message = _run_commands(phase.commands, shell, log, limits)
    if status in {"SUCCEEDED", "FAILED"}:
        last, last_message = _run_commands(phase.finally_, shell, log, limits)
        if last != "SUCCEEDED":
            status, message = last, message or last_message
    result = PhaseResult(name, status, time.monotonic() - began, _CODES[status], log.masked(message))
    log.phase(result)
    return result


_CODES: dict[PhaseStatus, str] = {
    "SUCCEEDED": "",
    "FAILED": "COMMAND_EXECUTION_ERROR",
    "STOPPED": "",
    "TIMED_OUT": "BUILD_TIMED_OUT",
}


def _run_commands(commands: Iterable[str], shell: Shell, log: BuildLog, limits: Limits) -> tuple[PhaseStatus, str]:
    for command in commands:
        shown = command.rstrip("\n")
        log.say(f"Running command {shown}")
        done = shell.run(command, deadline=limits.deadline, stop=limits.stop)
        if done.ending == "stopped":
            return "STOPPED", "the build was stopped"
        if done.ending == "timed out":
            return "TIMED_OUT", "the build took longer than its project allows"
        if done.returncode != 0:
            log.say(f"Command did not exit successfully {shown} exit status {done.returncode}")
            return "FAILED", f"Error while executing command: {shown}. Reason: exit status {done.returncode}"
    return "SUCCEEDED", ""
