"""Builds of the cases: a folder with a buildspec and an expected.json, which has the input and the expected result.

given: variables and overrides (as the API has them), parameters, secrets, minutes, cached, stop_at (a line that stops
the build), id, image, privileged, secondary (sources by name, each with texts by file name). The folder `source` is
the content of the source.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.codebuild.build import run_build
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.environment import UnknownValue
from rehearsal.codebuild.model import Build, BuildFolders, BuildResult, EnvironmentVariable
from rehearsal.codebuild.role_session import RoleSession
from rehearsal.host.cancellation import Cancellation

ROOT = Path(__file__).parent / "cases"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "ASIAABCDEFGHIJKLMNOP",
    "AWS_SECRET_ACCESS_KEY": "the-secret-key",
    "AWS_SESSION_TOKEN": "the-session-token",
}

ID = "tiny:11111111-2222-3333-4444-555555555555"
COMPARED = {"status", "phases", "prints", "exported", "artifacts", "reports", "retries"}
KEYS = {"given", "refused", "says", "never", "message"} | COMPARED


class Values:
    """The parameters and secrets of a case; keys of secrets are an id, or `id@version`."""

    def __init__(self, parameters: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        self._parameters, self._secrets = parameters, secrets

    def parameter(self, name: str) -> str:
        if name not in self._parameters:
            raise UnknownValue(f"parameter does not exist: {name}", "Decrypted Variables Error")
        return self._parameters[name]

    def secret(self, secret_id: str, *, stage: str, version: str) -> str:
        which = stage or version
        try:
            return self._secrets[f"{secret_id}@{which}" if which else secret_id]
        except KeyError:
            raise UnknownValue(f"{secret_id}: no such secret", "Secrets Manager Error") from None


@dataclass
class Ran:
    """A finished build: its result, and the lines of its log."""

    result: BuildResult
    lines: list[str]

    @property
    def printed(self) -> list[str]:
        return [line for line in self.lines if not line.startswith("[Container]")]

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    @property
    def phases(self) -> list[str]:
        return [f"{phase.name} {phase.status}" for phase in self.result.phases]

    @property
    def artifacts(self) -> dict[str, list[str]]:
        return {name: names(zip_file) for name, zip_file in self.result.artifacts.items()}


def names(zip_file: Path) -> list[str]:
    with zipfile.ZipFile(zip_file) as archive:
        return sorted(archive.namelist())


def spec(*commands: str, **more: Any) -> str:
    """Return a buildspec with these commands in its phase build, and more sections."""
    return json.dumps({"version": "0.2", "phases": {"build": {"commands": list(commands)}}, **more})


def run(buildspec: str, given: Mapping[str, Any], folder: Path, *, source: Path | None = None, number: int = 1) -> Ran:
    """Run the build of `buildspec` below `folder`; its caches stay there for the next build."""
    here = folder / str(number)
    sources = _sources(given, here, source)
    stop = Cancellation()
    lines: list[str] = []

    def receive(line: str) -> None:
        lines.append(line)
        if line == given.get("stop_at"):
            stop.set()

    log = BuildLog(_made(here) / "log.txt", receive)
    place = BuildFolders(here / "build", sources, folder / "caches")
    lookup = Values(given.get("parameters", {}), given.get("secrets", {}))
    try:
        result = run_build(
            _build(buildspec, given, number),
            place,
            RoleSession(CREDENTIALS, lookup),
            log=log,
            stop=stop,
            image=given.get("image", ""),
        )
    finally:
        log.close()
    assert (here / "log.txt").read_text() == "".join(f"{line}\n" for line in lines)
    return Ran(result, lines)


def run_in(image: str, folder: Path, *commands: str, number: int = 1, **more: Any) -> Ran:
    """Run the build of these commands in an image, with a source that has `file.txt`."""
    source = folder / "given"
    source.mkdir(exist_ok=True)
    (source / "file.txt").write_text("of the source\n")
    return run(spec(*commands, **more), {"image": image}, folder, source=source, number=number)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _sources(given: Mapping[str, Any], here: Path, source: Path | None) -> dict[str, Path]:
    sources = {"": here / "source"}
    if source and source.is_dir():
        shutil.copytree(source, sources[""], symlinks=True)
    _made(sources[""])
    for name, files in given.get("secondary", {}).items():
        sources[name] = _made(here / name)
        for file, text in files.items():
            (sources[name] / file).write_text(text)
    return sources


def _build(buildspec: str, given: Mapping[str, Any], number: int) -> Build:
    return Build(
        id=given.get("id", ID),
        arn="arn:aws:codebuild:eu-west-1:111111111111:build/tiny:11111111-2222-3333-4444-555555555555",
        number=number,
        project="tiny",
        account="111111111111",
        region="eu-west-1",
        buildspec=buildspec,
        variables=tuple(EnvironmentVariable(**variable) for variable in given.get("variables", [])),
        overrides=tuple(EnvironmentVariable(**override) for override in given.get("overrides", [])),
        image="aws/codebuild/standard:7.0",
        timeout_minutes=given.get("minutes", 5),
        initiator="codepipeline/tiny-pipeline",
        source_version="arn:aws:s3:::bucket/tiny/Source/abc.zip",
        resolved_version="0123456789abcdef0123456789abcdef01234567",
        log_stream="11111111-2222-3333-4444-555555555555",
        cached=given.get("cached", True),
        privileged=given.get("privileged", False),
    )


@dataclass
class Case:
    """A case, read from its folder."""

    name: str
    buildspec: str
    given: Mapping[str, Any]
    expected: Mapping[str, Any]
    source: Path

    @classmethod
    def read(cls, folder: Path) -> Case:
        expected = json.loads((folder / "expected.json").read_text())
        buildspec = (folder / "buildspec.yml").read_text()
        unknown = expected.keys() - KEYS
        assert not unknown, f"{folder.name}: {unknown} is checked by nothing"
        return cls(folder.name, buildspec, expected.get("given", {}), expected, folder / "source")


CASES = [Case.read(folder) for folder in sorted(ROOT.iterdir()) if folder.is_dir()]
