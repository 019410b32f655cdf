"""Output artifacts of a build, as one zip each.

Source: AWS CodeBuild user guide, "Build specification reference", artifacts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from rehearsal.codebuild import file_patterns
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.buildspec import Artifacts, Output
from rehearsal.codebuild.file_patterns import MatchedFile, Reach
from rehearsal.codebuild.zip_write import zip_files
from rehearsal.errors import RehearsalError


class ArtifactNotFound(RehearsalError):
    """No file matches an artifact's patterns; the message is CodeBuild's."""


def collect(
    declared: Artifacts, *, source: Path, env: Mapping[str, str], folder: Path, log: BuildLog, reach: Reach
) -> dict[str, Path]:
    """Write a zip for every artifact into `folder`; return identifier -> zip. The primary identifier is empty.

    Raises ArtifactNotFound.
    """
    outputs: dict[str, Output] = {"": declared} if declared.files else {}
    outputs |= declared.secondary_artifacts
    zips = {}
    for identifier, output in outputs.items():
        files = _matching_files(output, source, env, log, reach)
        log.say(f"Found {len(files)} file(s) for artifact {identifier or 'primary'}")
        zips[identifier] = folder / f"artifact-{identifier or 'primary'}.zip"
        zip_files(files, zips[identifier], links=output.enable_symlinks)
    return zips


def _matching_files(
    output: Output, source: Path, env: Mapping[str, str], log: BuildLog, reach: Reach
) -> list[MatchedFile]:
    bases = file_patterns.bases(source, output.base_directory, env)
    if not bases:
        raise ArtifactNotFound(f"no matching base directory path found for {output.base_directory}")
    matched = [
        file
        for base in bases
        for file in file_patterns.files(base, output.files, env, output.exclude_paths, links=output.enable_symlinks)
    ]
    matched = _within_reach(matched, reach, log, links=output.enable_symlinks)
    outside = [file.name for file in matched if ".." in file.name.split("/")]
    if outside:
        raise ArtifactNotFound(f"{outside[0]} is outside of the base directory: no zip can hold it; name another one")
    readable = matched if output.enable_symlinks else _existing(matched, log)
    if not readable:
        hint = _hint(bases, output.files, env)
        raise ArtifactNotFound(f"no matching artifact paths found for {', '.join(output.files)}{hint}")
    return _flat(readable, log) if output.discard_paths else list({file.name: file for file in readable}.values())


def _within_reach(files: list[MatchedFile], reach: Reach, log: BuildLog, *, links: bool) -> list[MatchedFile]:
    """Return the files within reach, and report the others."""
    within = [file for file in files if reach.has(file, links=links)]
    for file in files:
        if file not in within:
            log.note(f"artifacts: {file.name} is not in the artifact: it leads out of the source, into the image")
    return within


def _existing(files: list[MatchedFile], log: BuildLog) -> list[MatchedFile]:
    """Return the files without broken links, which are reported."""
    broken = [file.name for file in files if not file.path.exists()]
    for name in broken:
        log.say(f"Skipping invalid file path {name}: a link to nothing")
    return [file for file in files if file.name not in broken]


def _hint(bases: list[Path], patterns: Iterable[str], env: Mapping[str, str]) -> str:
    """Explain a pattern that matches no file, because it names a folder or a file with brackets in its name."""
    for pattern in (file_patterns.expand_variables(declared, env) for declared in patterns):
        for path in (base / pattern for base in bases):
            if path.is_dir():
                return f" ({pattern} is a folder: {pattern.rstrip('/')}/**/* names its files)"
            if path.is_file():
                return f" ([...] stands for one of its characters: {re.sub(r'[][]', '?', pattern)} names the file)"
    return ""


def _flat(files: list[MatchedFile], log: BuildLog) -> list[MatchedFile]:
    """Drop the folders of all names; of two files with one name, keep the later one and report it."""
    flat: dict[str, MatchedFile] = {}
    for file in files:
        if file.path.name in flat:
            log.say(f"discard-paths: {file.name} takes the place of {flat[file.path.name].path.name} from elsewhere")
        flat[file.path.name] = replace(file, name=file.path.name)
    return list(flat.values())
