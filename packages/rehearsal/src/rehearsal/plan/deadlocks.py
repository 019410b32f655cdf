"""Checks for deadlocks of self-mutating pipelines: pushes that fail before the pipeline can update itself.

CodeBuild runs the deployed buildspec, with the tools that it pins, on the sources of the push, which may not match.
Only files, make targets and scripts that the last push had are reported as missing.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.host import host_environment
from rehearsal.host.processes import Processes
from rehearsal.plan.build_commands import PlannedBuild

_PIN = re.compile(r"(aws-cdk|cdk-assets)(?:@(.+))?")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*")
_NO_RULE = re.compile(r"No rule to make target [`']([^']+)'")
_REVISION = re.compile(r"schemaHash: .*\n.*\n\s+revision: (\d+)")
_SEPARATORS = {"&&", "||", ";", "|", "&", "(", ")"}
_MAKE_SECONDS = 20.0


def vanished_targets(jobs: Iterable[PlannedBuild], source: Path, before: Path) -> Iterator[str]:
    """Warn of make targets that a deployed buildspec calls, and that exist in `before` but not in `source`.

    source: the files to push. before: the files of the last push.
    """
    if shutil.which("make") is None:
        return
    for job in jobs:
        for words in _root_commands(job):
            if words[0] == "make" and (missing := _missing_targets(words, source)):
                for target in sorted(missing - _missing_targets(words, before)):
                    yield (
                        f"{job.where} runs `{shlex.join(words)}` under the deployed buildspec, and the working tree has"
                        f" no make target `{target}` any more: keep it until a push with the new buildspec has been"
                        " deployed"
                    )


def _missing_targets(words: Sequence[str], folder: Path) -> set[str]:
    """Return the targets that make cannot build, according to make itself, without running a recipe.

    Even with --dry-run, make runs `+recipes` and `$(shell ...)`: SHELL is therefore `true`.
    """
    printed: list[str] = []
    command = ["make", "--dry-run", "--keep-going", *words[1:], f"SHELL={shutil.which('true')}"]
    with Processes(printed.append) as processes:
        env, deadline = {**host_environment.clean_environment(), "LC_ALL": "C"}, time.monotonic() + _MAKE_SECONDS
        processes.run(command, cwd=folder, env=env, deadline=deadline)
    return {target for line in printed for target in _NO_RULE.findall(line)}


def vanished_files(jobs: Iterable[PlannedBuild], source: Path, before: Path) -> Iterator[str]:
    """Warn of files that a deployed buildspec names, and that exist in `before` but not in `source`."""
    for job in jobs:
        named = {word.removeprefix("./") for command in _simple(job.commands) for word in command.words}
        for name in sorted(named):
            if name and _is_file(before / name) and not (source / name).exists():
                yield (
                    f"{job.where} names {name} in the deployed buildspec, and the working tree has no such file any"
                    " more: keep it until a push with the new buildspec has been deployed"
                )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # not a valid file name
        return False


def vanished_scripts(jobs: Iterable[PlannedBuild], source: Path, before: Path) -> Iterator[str]:
    """Warn of package.json scripts that a deployed buildspec runs, and that exist in `before` but not in `source`."""
    vanished = _scripts(before) - _scripts(source)
    for job in jobs:
        for words in _root_commands(job):
            name = next((word for word in words[2:] if not word.startswith("-")), "")
            if words[0] == "npm" and words[1:2] in (("run",), ("run-script",)) and name in vanished:
                yield (
                    f"{job.where} runs `npm run {name}` under the deployed buildspec, and the working tree's"
                    " package.json has no such script any more: keep it until a push with the new buildspec has been"
                    " deployed"
                )


def _scripts(folder: Path) -> set[str]:
    package = folder / "package.json"
    return set(json.loads(package.read_text()).get("scripts", {})) if package.exists() else set()


def unsafe_tool_pins(jobs: Iterable[PlannedBuild], schema: int, tools: Path) -> Iterator[str]:
    """Warn of versions of the CDK CLI and cdk-assets in deployed buildspecs that may not read the new assembly.

    schema: the assembly's major schema version. tools: the project's node_modules.
    """
    for job in jobs:
        for tool, pin in _pins(job):
            installed = _version(tools / tool / "package.json")
            if not pin or not pin[0].isdigit() or pin.count(".") < 2:
                yield f"{job.where} installs {tool}@{pin or 'latest'}, so that what it reads is decided on the day"
            elif installed and _numbers(pin) < _numbers(installed):
                yield (
                    f"{job.where} runs {tool} {pin} of the deployed buildspec on an assembly of schema {schema} that"
                    f" {installed} made: where {pin} does not read that schema, the pipeline can't update itself;"
                    " push the new version alone first"
                )


def assets_schema(tools: Path, schema: int) -> Iterator[str]:
    """Warn where the project's cdk-assets cannot read the assembly that its aws-cdk-lib writes."""
    bundle = tools / "cdk-assets" / "bin" / "cdk-assets.js"
    reads = _REVISION.findall(bundle.read_text()) if bundle.exists() else []
    if reads and max(map(int, reads)) < schema:
        yield (
            f"cdk-assets {_version(tools / 'cdk-assets' / 'package.json')} reads assemblies up to schema"
            f" {max(map(int, reads))}, and aws-cdk-lib writes {schema}: publishing assets will fail; take an older"
            " aws-cdk-lib"
        )


def orphaned_stacks(before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    """Warn of stacks that the deployed pipeline deploys and the new one does not."""
    for stack in sorted(set(before) - set(after)):
        yield f"the stack {stack} is deployed by no stage any more: it stays until an operator deletes it"


def _pins(job: PlannedBuild) -> Iterator[tuple[str, str]]:
    """Yield (package, version) of aws-cdk and cdk-assets that the job installs globally or runs with npx."""
    for command in _simple(job.commands):
        installs = command.words[0] == "npm" and not {"-g", "--global", "--location=global"}.isdisjoint(command.words)
        if installs or command.words[0] == "npx":
            matches = filter(None, map(_PIN.fullmatch, command.words))
            yield from ((match[1], match[2] or "") for match in matches)


@dataclass(frozen=True)
class _Command:
    """A simple command of a line, as words, without the variables that it sets. then: the separator after it."""

    words: tuple[str, ...]
    then: str


def _root_commands(job: PlannedBuild) -> Iterator[tuple[str, ...]]:
    """Yield the commands that run in the source's root and whose failure fails the build, up to the first `cd`."""
    for command in _simple(job.commands):
        if command.words[0] in ("cd", "pushd"):
            return
        if command.then != "||" and not any(sign in word for word in command.words for sign in "$`"):
            yield command.words


def _simple(commands: Iterable[str]) -> Iterator[_Command]:
    """Yield each simple command of each line; nothing is expanded."""
    for line in "\n".join(commands).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        try:
            for word in [*lexer, ";"]:
                if word in _SEPARATORS:
                    if words:
                        yield _Command(tuple(words), word)
                    words = []
                elif words or not _ASSIGNMENT.fullmatch(word):
                    words.append(word)
        except ValueError:
            continue


def _version(package: Path) -> str:
    return str(json.loads(package.read_text())["version"]) if package.exists() else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
