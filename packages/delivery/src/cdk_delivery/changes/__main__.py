"""`python -m cdk_delivery.changes`: write changes.md, changes.json and summary.txt.

Red where the deployment would fail, or would broaden IAM without an approval.

Runs in the project's root, with the variables that the pipeline gives to the build; see cdk_delivery/delivery_stack.py.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import boto3

from cdk_delivery.changes.deployed import CannotCompare, DeployedTemplates, ReaderSessions
from cdk_delivery.changes.obstacles import bootstrap_command, find_obstacles
from cdk_delivery.changes.report import Push, Report, report
from cdk_delivery.changes.resources import create_only
from cdk_delivery.changes.stacks import AssemblyError, Stack, compare, read_stacks
from cdk_delivery.errors import WrongUse
from cdk_delivery.project_config import read_config, see

REQUIRED_ENV = ("ENVIRONMENT", "STAGE", "BROADENING", "PIPELINE", "EXECUTION")
# Where no approval has less room for the summary (`ROOM`).
SUMMARY_LENGTH = 700
# If IAM or security groups broaden: an approval follows, the settings allow it, or the build is red.
BROADENING_MODES = ("asked", "allowed", "red")


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """arguments: the folders of the assembly and to write to. 0: nothing broadens unasked; 1: red; 2: wrong use."""
    missing = [name for name in REQUIRED_ENV if not environ.get(name)]
    if len(arguments) != 2 or missing or environ["BROADENING"] not in BROADENING_MODES:
        wrong = f"{', '.join(missing)} not set" if missing else f"got {' '.join(arguments) or 'no arguments'}"
        print(
            f"changes: {wrong}; needed are two folders, and {', '.join(REQUIRED_ENV)} (one of {BROADENING_MODES})",
            file=sys.stderr,
        )
        return 2
    try:
        config = read_config(Path.cwd())
        stacks = read_stacks(Path(arguments[0]), environ["STAGE"])
    except (WrongUse, AssemblyError) as error:
        print(f"changes: {error}", file=sys.stderr)
        return 2
    access, sessions = Path(config.access), ReaderSessions(environ["PIPELINE"])
    try:
        compared = compare(stacks, DeployedTemplates(sessions))
        obstacles = find_obstacles(environ["PIPELINE"], compared, sessions, access)
    except CannotCompare as error:
        return _report_unreadable_account(environ["ENVIRONMENT"], str(error), stacks, Path(arguments[1]))
    for obstacle in obstacles:
        print(f"changes: red: {obstacle}", file=sys.stderr)
    if obstacles:
        return 1
    made = report(environ["ENVIRONMENT"], _read_push(environ), compared, create_only(access))
    _write(made, Path(arguments[1]), int(environ.get("ROOM", SUMMARY_LENGTH)))
    print(made.as_markdown())
    return _exit_status(made, environ["BROADENING"], config.pages.approvals)


def _report_unreadable_account(environment: str, reason: str, stacks: Sequence[Stack], folder: Path) -> int:
    """Say that nothing was compared; it is never reported as a first deployment."""
    commands = sorted({bootstrap_command(stack) for stack in stacks})
    text = f"cannot compare {environment} with what is deployed: {reason}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "changes.json").write_text(json.dumps({"environment": environment, "cannot_compare": reason}) + "\n")
    (folder / "changes.md").write_text(f"# {environment}: cannot compare\n\n{text}\n")
    (folder / "summary.txt").write_text(f"cannot compare {environment}")
    print(f"changes: red: {text}; bootstrap the account again: `{'`, `'.join(commands)}`", file=sys.stderr)
    return 1


def _exit_status(made: Report, answer: str, page: str) -> int:
    if answer != "red" or not made.broadenings:
        return 0
    print(
        f"changes: red: IAM or security groups broaden in {made.environment}, and nobody would be asked:",
        *(f"  {each}" for each in made.broadenings),
        f"Narrow it, or set `approval` or `allow_broadening` for this environment{see(page)}",
        sep="\n",
        file=sys.stderr,
    )
    return 1


def _read_push(environ: Mapping[str, str]) -> Push:
    """The commit's title comes from the execution: in a build's variables, a quotation mark in it would break JSON."""
    api = boto3.client("codepipeline")
    found = api.get_pipeline_execution(pipelineName=environ["PIPELINE"], pipelineExecutionId=environ["EXECUTION"])
    revisions = found["pipelineExecution"].get("artifactRevisions") or [{}]
    return Push(
        revision=revisions[0].get("revisionId") or environ.get("CODEBUILD_RESOLVED_SOURCE_VERSION", "unknown"),
        message=_message(revisions[0].get("revisionSummary", "")),
        authored=environ.get("AUTHORED", ""),
        tests=environ.get("TESTED", ""),
    )


def _message(summary: str) -> str:
    """Connections wrap the message: {"ProviderType":"GitHub","CommitMessage":"..."}."""
    try:
        found = json.loads(summary)
    except ValueError:
        return summary
    return str(found["CommitMessage"]) if isinstance(found, dict) and "CommitMessage" in found else summary


def _write(made: Report, folder: Path, room: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "changes.json").write_text(made.as_json())
    (folder / "changes.md").write_text(made.as_markdown())
    (folder / "summary.txt").write_text(made.summary(room))


if __name__ == "__main__":
    status = main(sys.argv[1:], os.environ)
    gc.freeze()  # the interpreter would look for garbage as it ends, of which clients of AWS make much
    sys.exit(status)
