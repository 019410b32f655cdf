"""`python -m cdk_delivery.changes ASSEMBLY FOLDER`: compare with what is deployed, and write the report to FOLDER.

It fails if the deployment would fail, or would broaden IAM without an approval. The report is changes.md, changes.json
and summary.txt. Runs in the project's root, with the variables that `DeliveryStack.changes` sets for the build.
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
# Characters of the summary, unless `ROOM` is set: the comment of an approval has less room.
SUMMARY_LENGTH = 700
# If IAM or security groups broaden: an approval follows, the settings allow it, or the build is red.
BROADENING_MODES = ("asked", "allowed", "red")


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Compare an environment and write the report. Return 0, 1 if red, 2 for wrong arguments or variables.

    arguments: the folder of the assembly, and the folder to write to.
    """
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
    comparison = report(environ["ENVIRONMENT"], _read_push(environ), compared, create_only(access))
    _write(comparison, Path(arguments[1]), int(environ.get("ROOM", SUMMARY_LENGTH)))
    print(comparison.as_markdown())
    return _exit_status(comparison, environ["BROADENING"], config.pages.approvals)


def _report_unreadable_account(environment: str, reason: str, stacks: Sequence[Stack], folder: Path) -> int:
    """Report that nothing was compared, which is not the same as a first deployment. Return 1."""
    commands = sorted({bootstrap_command(stack) for stack in stacks})
    text = f"cannot compare {environment} with what is deployed: {reason}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "changes.json").write_text(json.dumps({"environment": environment, "cannot_compare": reason}) + "\n")
    (folder / "changes.md").write_text(f"# {environment}: cannot compare\n\n{text}\n")
    (folder / "summary.txt").write_text(f"cannot compare {environment}")
    print(f"changes: red: {text}; bootstrap the account again: `{'`, `'.join(commands)}`", file=sys.stderr)
    return 1


def _exit_status(comparison: Report, mode: str, page: str) -> int:
    if mode != "red" or not comparison.broadenings:
        return 0
    print(
        f"changes: red: IAM or security groups broaden in {comparison.environment} without an approval:",
        *(f"  {broadening}" for broadening in comparison.broadenings),
        f"Narrow it, or set `approval` or `allow_broadening` for this environment{see(page)}",
        sep="\n",
        file=sys.stderr,
    )
    return 1


def _read_push(environ: Mapping[str, str]) -> Push:
    """Return the push of this execution.

    The commit's message is not a variable of the build: a quotation mark in it would break the action's JSON.
    """
    api = boto3.client("codepipeline")
    answer = api.get_pipeline_execution(pipelineName=environ["PIPELINE"], pipelineExecutionId=environ["EXECUTION"])
    revisions = answer["pipelineExecution"].get("artifactRevisions") or [{}]
    return Push(
        revision=revisions[0].get("revisionId") or environ.get("CODEBUILD_RESOLVED_SOURCE_VERSION", "unknown"),
        message=_message(revisions[0].get("revisionSummary", "")),
        authored=environ.get("AUTHORED", ""),
        tests=environ.get("TESTED", ""),
    )


def _message(summary: str) -> str:
    """Return the commit's message; connections wrap it: {"ProviderType":"GitHub","CommitMessage":"..."}."""
    try:
        wrapped = json.loads(summary)
    except ValueError:
        return summary
    return str(wrapped["CommitMessage"]) if isinstance(wrapped, dict) and "CommitMessage" in wrapped else summary


def _write(comparison: Report, folder: Path, summary_length: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "changes.json").write_text(comparison.as_json())
    (folder / "changes.md").write_text(comparison.as_markdown())
    (folder / "summary.txt").write_text(comparison.summary(summary_length))


if __name__ == "__main__":
    status = main(sys.argv[1:], os.environ)
    gc.freeze()  # skip the final garbage collection: four boto3 clients leave cycles that take 0.5 s
    sys.exit(status)
