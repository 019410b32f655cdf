"""Checks for deadlocks of self-mutating pipelines: pushes that fail before the pipeline can update itself.

CodeBuild runs the deployed buildspec, with the tools that it pins, on the sources of the push, which may not match.
Only files, make targets and scripts that the last push had are reported as missing. Each function yields warnings.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rehearsal.host import host_environment
from rehearsal.host.processes import Processes
from rehearsal.plan.build_commands import PlannedBuild
from rehearsal.plan.simple_commands import decisive_commands, simple_commands

_PIN = re.compile(r"(aws-cdk|cdk-assets)(?:@(.+))?")
_NO_RULE = re.compile(r"No rule to make target [`']([^']+)'")
# The schema version in cdk-assets' bundle, which contains the package cloud-assembly-schema.
_SCHEMA = re.compile(r"schemaHash: .*\n.*\n\s+revision: (\d+)")
_MAKE_SECONDS = 20.0


def vanished_targets(builds: Iterable[PlannedBuild], source: Path, last_push: Path) -> Iterator[str]:
    """Warn of make targets that a deployed buildspec calls, and that exist in `last_push` but not in `source`.

    source: a folder with the files to push. last_push: one with the files of the last push.
    """
    if shutil.which("make") is None:
        return
    for build in builds:
        for words in decisive_commands(build.commands):
            if words[0] == "make" and (missing := _missing_targets(words, source)):
                for target in sorted(missing - _missing_targets(words, last_push)):
                    yield (
                        f"{build.where} runs `{shlex.join(words)}` under the deployed buildspec, and the working tree"
                        f" has no make target `{target}` any more: keep it until a push with the new buildspec has been"
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


def vanished_files(builds: Iterable[PlannedBuild], source: Path, last_push: Path) -> Iterator[str]:
    """Warn of files that a deployed buildspec names, and that exist in `last_push` but not in `source`."""
    for build in builds:
        named = {word.removeprefix("./") for command in simple_commands(build.commands) for word in command.words}
        for name in sorted(named):
            if name and _is_file(last_push / name) and not (source / name).exists():
                yield (
                    f"{build.where} names {name} in the deployed buildspec, and the working tree has no such file any"
                    " more: keep it until a push with the new buildspec has been deployed"
                )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # not a valid file name
        return False


def vanished_scripts(builds: Iterable[PlannedBuild], source: Path, last_push: Path) -> Iterator[str]:
    """Warn of scripts of package.json that a deployed buildspec runs, and that `last_push` has but `source` has not."""
    vanished = _scripts(last_push) - _scripts(source)
    for build in builds:
        for words in decisive_commands(build.commands):
            name = next((word for word in words[2:] if not word.startswith("-")), "")
            if words[0] == "npm" and words[1:2] in (("run",), ("run-script",)) and name in vanished:
                yield (
                    f"{build.where} runs `npm run {name}` under the deployed buildspec, and the working tree's"
                    " package.json has no such script any more: keep it until a push with the new buildspec has been"
                    " deployed"
                )


def _scripts(folder: Path) -> set[str]:
    package = folder / "package.json"
    return set(json.loads(package.read_text()).get("scripts", {})) if package.exists() else set()


def unsafe_tool_pins(builds: Iterable[PlannedBuild], schema: int, tools: Path) -> Iterator[str]:
    """Warn of versions of the CDK CLI and cdk-assets in deployed buildspecs that may not read the new assembly.

    schema: the assembly's major schema version. tools: the project's node_modules.
    """
    for build in builds:
        for tool, pin in _pins(build):
            installed = _version(tools / tool)
            if not pin or not pin[0].isdigit() or pin.count(".") < 2:
                yield (
                    f"{build.where} installs {tool}@{pin or 'latest'}, so that the day of the build decides which"
                    " assemblies it reads"
                )
            elif installed and _numbers(pin) < _numbers(installed):
                yield (
                    f"{build.where} runs {tool} {pin} of the deployed buildspec on an assembly of schema {schema} that"
                    f" {installed} wrote: where {pin} does not read that schema, the pipeline can't update itself;"
                    " push the new version by itself first"
                )


def unreadable_schema(schema: int, tools: Path) -> Iterator[str]:
    """Warn where the project's cdk-assets cannot read the assembly that its aws-cdk-lib writes."""
    bundle = tools / "cdk-assets" / "bin" / "cdk-assets.js"
    readable = [int(version) for version in _SCHEMA.findall(bundle.read_text())] if bundle.exists() else []
    if readable and max(readable) < schema:
        yield (
            f"cdk-assets {_version(tools / 'cdk-assets')} reads assemblies up to schema {max(readable)}, and"
            f" aws-cdk-lib writes {schema}: publishing assets will fail; take an older aws-cdk-lib"
        )


def _pins(build: PlannedBuild) -> Iterator[tuple[str, str]]:
    """Yield (package, version) of aws-cdk and cdk-assets that the build installs globally or runs with npx."""
    for command in simple_commands(build.commands):
        installs = command.words[0] == "npm" and not {"-g", "--global", "--location=global"}.isdisjoint(command.words)
        if installs or command.words[0] == "npx":
            matches = filter(None, map(_PIN.fullmatch, command.words))
            yield from ((match[1], match[2] or "") for match in matches)


def _version(package: Path) -> str:
    """Return the version of an installed npm package; empty where the folder does not exist."""
    manifest = package / "package.json"
    return str(json.loads(manifest.read_text())["version"]) if manifest.exists() else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
