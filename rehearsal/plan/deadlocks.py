"""Ways in which a push is known to get stuck, looked for before it is one.

CodeBuild runs the buildspec that the pipeline was deployed with, and the tools that it pins, on the sources of the
push: what fits together in the working tree may not fit there.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from rehearsal import machine
from rehearsal.plan.jobs import Job

_PIN = re.compile(r"(?:npm (?:install|i) -g|npx(?: --yes| -y)?)\s+(aws-cdk|cdk-assets)(?:@(\S+))?")
_NO_RULE = re.compile(r"No rule to make target [`']([^']+)'")
_REVISION = re.compile(r"schemaHash: .*\n.*\n\s+revision: (\d+)")
_SEPARATORS = {"&&", "||", ";", "|", "&"}


def vanished_targets(jobs: Iterable[Job], source: Path) -> Iterator[str]:
    """Make targets that a deployed buildspec calls and the pushed tree has not."""
    if shutil.which("make") is None:
        return
    for job in jobs:
        for words in _simple(job.commands):
            if words[0] != "make":
                continue
            # make itself is the judge: with --dry-run it says what it can't make, and makes nothing
            done = subprocess.run(
                ["make", "--dry-run", *words[1:]],
                cwd=source,
                env={**machine.environment(), "LC_ALL": "C"},
                capture_output=True,
                text=True,
                check=False,
            )
            for target in _NO_RULE.findall(done.stderr):
                yield (
                    f"{job.where} runs `{shlex.join(words)}` under the deployed buildspec, and the working tree has no"
                    f" make target `{target}` any more: keep it until a push with the new buildspec has been deployed"
                )


def vanished_files(jobs: Iterable[Job], source: Path, before: set[str]) -> Iterator[str]:
    """Files that a deployed buildspec names, that were in the last push, and that the pushed tree has not."""
    for job in jobs:
        named = {word.removeprefix("./") for words in _simple(job.commands) for word in words}
        for name in sorted(named & before):
            if not (source / name).exists():
                yield (
                    f"{job.where} names {name} in the deployed buildspec, and the working tree has no such file any"
                    " more: keep it until a push with the new buildspec has been deployed"
                )


def vanished_scripts(jobs: Iterable[Job], source: Path) -> Iterator[str]:
    """Scripts of package.json that a deployed buildspec runs and the pushed tree has not."""
    package = source / "package.json"
    scripts = json.loads(package.read_text()).get("scripts", {}) if package.exists() else {}
    for job in jobs:
        for words in _simple(job.commands):
            if words[:2] == ["npm", "run"] and len(words) > 2 and words[2] not in scripts:
                yield (
                    f"{job.where} runs `npm run {words[2]}` under the deployed buildspec, and the working tree's"
                    " package.json has no such script"
                )


def versions(jobs: Iterable[Job], schema: int, tools: Path) -> Iterator[str]:
    """Pins of the CDK CLI and cdk-assets in deployed buildspecs that may not read the new assembly.

    schema: the assembly's major version. tools: the project's node_modules, whose versions have read it, or can tell.
    """
    for job in jobs:
        for tool, pin in _PIN.findall("\n".join(job.commands)):
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
    """Whether the project's own cdk-assets reads the assembly that its library writes."""
    bundle = tools / "cdk-assets" / "bin" / "cdk-assets.js"
    reads = _REVISION.findall(bundle.read_text()) if bundle.exists() else []
    if reads and max(map(int, reads)) < schema:
        yield (
            f"cdk-assets {_version(tools / 'cdk-assets' / 'package.json')} reads assemblies up to schema"
            f" {max(map(int, reads))}, and aws-cdk-lib writes {schema}: publishing assets will fail; take an older"
            " aws-cdk-lib"
        )


def orphans(before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    """Stacks that the deployed pipeline deploys and the new one does not."""
    for stack in sorted(set(before) - set(after)):
        yield f"the stack {stack} is deployed by no stage any more: it stays until somebody deletes it"


def _simple(commands: Iterable[str]) -> Iterator[list[str]]:
    """Each simple command of each line, as words; what the shell alone could tell is left as it is."""
    for line in "\n".join(commands).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        try:
            for word in [*lexer, ";"]:
                if word in _SEPARATORS:
                    if words:
                        yield words
                    words = []
                else:
                    words.append(word)
        except ValueError:
            continue


def _version(package: Path) -> str:
    return str(json.loads(package.read_text())["version"]) if package.exists() else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
